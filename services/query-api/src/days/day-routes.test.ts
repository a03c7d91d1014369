import request from 'supertest';
import { createHarness, day, setTarget } from '../testing/query-app-harness';

describe('GET /users/{id}/daily-totals', () => {
  function withTotals() {
    const harness = createHarness();
    const dates = [
      ['2025-01-15', 1_800_000],
      ['2025-01-13', 1_799_999],
      ['2025-01-14', 90_061_999],
    ] as const;
    for (const [date, totalMs] of dates) {
      harness.readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day(date), total: totalMs });
    }
    harness.readModel.totals.push({ userId: 'other', ruleId: 'focus', day: day('2025-01-14'), total: 1 });
    return harness;
  }

  it('answers the days ascending, in whole seconds cut, qualified from exactly the target on', async () => {
    const { body } = await request(withTotals().app).get('/users/u/daily-totals').expect(200);
    expect(body).toEqual({
      userId: 'u',
      days: [
        { date: '2025-01-13', seconds: 1799, qualified: false },
        { date: '2025-01-14', seconds: 90_061, qualified: true },
        { date: '2025-01-15', seconds: 1800, qualified: true },
      ],
    });
  });

  it.each([
    ['from=2025-01-14', ['2025-01-14', '2025-01-15']],
    ['to=2025-01-14', ['2025-01-13', '2025-01-14']],
    ['from=2025-01-14&to=2025-01-14', ['2025-01-14']],
    ['from=2025-02-01', []],
  ])('includes both bounds: ?%s', async (query, dates) => {
    const { body } = await request(withTotals().app).get(`/users/u/daily-totals?${query}`).expect(200);
    expect(body.days.map(({ date }: { date: string }) => date)).toEqual(dates);
  });

  it('answers at most the newest 1,000 days', async () => {
    const { app, readModel } = createHarness();
    for (let index = 0; index < 1_001; index += 1) {
      readModel.totals.push({ userId: 'u', ruleId: 'focus', day: (20_000 + index) as never, total: 1000 });
    }
    const { body } = await request(app).get('/users/u/daily-totals').expect(200);
    expect(body.days).toHaveLength(1_000);
    expect(body.days[0].date).toBe('2024-10-05');
  });

  it.each([
    ['from=2025-1-1', 'from', 'NOT_A_DATE'],
    ['to=2025-02-30', 'to', 'NOT_A_DATE'],
    ['from=2025-01-15T00:00:00Z', 'from', 'NOT_A_DATE'],
    ['from=2025-01-15&to=2025-01-14', 'to', 'TO_BEFORE_FROM'],
    ['from=2022-01-01&to=2024-09-27', 'to', 'RANGE_TOO_LONG'],
    ['from=2025-01-01&from=2025-01-01', 'from', 'NOT_A_TEXT'],
    ['ruleId=steps', 'ruleId', 'UNKNOWN_RULE'],
  ])('refuses ?%s', async (query, field, code) => {
    const { body } = await request(createHarness().app).get(`/users/u/daily-totals?${query}`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field, code })]);
  });

  it('judges each day by the target that is in force on it', async () => {
    const { app, readModel } = withTotals();
    setTarget(readModel, 'u', { from: '2025-01-14', dailyTargetSeconds: 90_062 });
    setTarget(readModel, 'u', { from: '2025-01-15', dailyTargetSeconds: 1800 });
    const { body } = await request(app).get('/users/u/daily-totals').expect(200);
    expect(body.days.map(({ qualified }: { qualified: boolean }) => qualified)).toEqual([false, false, true]);
  });

  it('counts check-ins under the rule activity', async () => {
    const { app, readModel } = withTotals();
    readModel.totals.push({ userId: 'u', ruleId: 'activity', day: day('2025-01-14'), total: 2 });
    const { body } = await request(app).get('/users/u/daily-totals?ruleId=activity').expect(200);
    expect(body.days).toEqual([{ date: '2025-01-14', checkIns: 2, qualified: true }]);
  });

  it('takes a range of exactly 1,000 days', async () => {
    await request(createHarness().app).get('/users/u/daily-totals?from=2022-01-01&to=2024-09-26').expect(200);
  });
});
