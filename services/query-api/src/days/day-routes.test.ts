import request from 'supertest';
import { createHarness, day, setTarget, stateOf } from '../testing/query-app-harness';

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

describe('GET /users/{id}/calendar', () => {
  it('answers every day of the year', async () => {
    const { app, readModel, putInPostgres } = createHarness();
    const pauses = [{ first: day('2025-01-14'), last: day('2025-01-14') }];
    putInPostgres('u', { ...stateOf(['2025-01-13', '2025-01-15']), bridging: { freezes: [], pauses } });
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2025-01-13'), total: 1_800_999 });
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2025-01-15'), total: 1_800_000 });
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2024-12-31'), total: 1_800_000 });
    const { body } = await request(app).get('/users/u/calendar?year=2025').expect(200);
    expect(body).toMatchObject({ userId: 'u', ruleId: 'focus', year: 2025, unit: 'seconds' });
    expect(body.days).toHaveLength(365);
    expect(body.days.slice(11, 15)).toEqual([
      { date: '2025-01-12', total: 0, qualified: false, bridged: false },
      { date: '2025-01-13', total: 1800, qualified: true, bridged: false },
      { date: '2025-01-14', total: 0, qualified: false, bridged: true },
      { date: '2025-01-15', total: 1800, qualified: true, bridged: false },
    ]);
    expect(body.days.at(-1).date).toBe('2025-12-31');
  });

  it('takes the present year where the user is, and check-ins where they are asked for', async () => {
    const { app, putInPostgres, readModel } = createHarness({ nowMs: Date.parse('2024-12-31T16:00:00Z') });
    putInPostgres('u', stateOf(['2024-12-31'], 'Asia/Tokyo'), 'activity');
    readModel.totals.push({ userId: 'u', ruleId: 'activity', day: day('2025-01-01'), total: 3 });
    const { body } = await request(app).get('/users/u/calendar?ruleId=activity').expect(200);
    expect(body).toMatchObject({ year: 2025, unit: 'check-ins' });
    expect(body.days[0]).toEqual({ date: '2025-01-01', total: 3, qualified: true, bridged: false });
    const elsewhere = await request(app).get('/users/u/calendar?ruleId=activity&timezone=America/New_York');
    expect(elsewhere.body).toMatchObject({ year: 2024 });
    expect(elsewhere.body.days).toHaveLength(366);
  });

  it.each(['1969', '10000', '2025.5', 'x', ''])('refuses the year %j', async (year) => {
    const { body } = await request(createHarness().app).get('/users/u/calendar').query({ year }).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: 'year', code: 'NOT_A_WHOLE_NUMBER' })]);
  });
});

describe('GET /users/{id}/analytics', () => {
  function withYear() {
    const harness = createHarness();
    for (let index = 0; index < 365; index += 1) {
      const total = index % 2 === 0 ? 1_800_500 : 900_000;
      harness.readModel.totals.push({ userId: 'u', ruleId: 'focus', day: (day('2024-01-01') + index) as never, total });
    }
    return harness;
  }

  it('sums up weeks, newest first', async () => {
    const { body } = await request(withYear().app).get('/users/u/analytics?limit=2').expect(200);
    expect(body).toEqual({
      userId: 'u',
      ruleId: 'focus',
      unit: 'seconds',
      items: [
        {
          period: '2025-W01',
          from: '2024-12-30',
          to: '2025-01-05',
          total: 1800,
          activeDays: 1,
          qualifiedDays: 1,
          bestRun: 1,
        },
        {
          period: '2024-W52',
          from: '2024-12-23',
          to: '2024-12-29',
          total: 9001,
          activeDays: 7,
          qualifiedDays: 3,
          bestRun: 1,
        },
      ],
      nextCursor: expect.any(String),
    });
  });

  it.each([
    ['period=month', 12],
    ['period=week', 53],
    ['period=month&from=2024-02-10&to=2024-11-20', 10],
  ])('gives each %s once, however it is paged', async (query, count) => {
    const { app } = withYear();
    const names: string[] = [];
    let sum = 0;
    let cursor = '';
    do {
      const { body } = await request(app).get(`/users/u/analytics?${query}&limit=5${cursor}`).expect(200);
      names.push(...body.items.map(({ period }: { period: string }) => period));
      sum += body.items.reduce((days: number, { activeDays }: { activeDays: number }) => days + activeDays, 0);
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(names).toHaveLength(count);
    expect([...new Set(names)].sort().reverse()).toEqual(names);
    expect(sum).toBe(query.includes('from') ? 285 : 365);
  });

  it('has no next page where the last one is just full', async () => {
    const { body } = await request(withYear().app).get('/users/u/analytics?period=month&limit=12').expect(200);
    expect(body.items).toHaveLength(12);
    expect(body.nextCursor).toBeNull();
  });

  it('judges days by their targets and counts check-ins under activity', async () => {
    const { app, readModel } = createHarness();
    for (const [date, total] of [
      ['2025-01-13', 1],
      ['2025-01-14', 3],
      ['2025-01-15', 2],
    ] as const) {
      readModel.totals.push({ userId: 'u', ruleId: 'activity', day: day(date), total });
    }
    setTarget(readModel, 'u', { from: '2025-01-15', dailyCheckInTarget: 3 });
    const { body } = await request(app).get('/users/u/analytics?ruleId=activity').expect(200);
    expect(body).toMatchObject({
      unit: 'check-ins',
      items: [{ total: 6, activeDays: 3, qualifiedDays: 2, bestRun: 2 }],
      nextCursor: null,
    });
  });

  it('names every fault', async () => {
    const { body } = await request(createHarness().app)
      .get('/users/u/analytics?period=day&ruleId=x&limit=0&from=x')
      .expect(400);
    expect(body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['period', 'UNKNOWN_PERIOD'],
      ['ruleId', 'UNKNOWN_RULE'],
      ['from', 'NOT_A_DATE'],
      ['limit', 'NOT_A_WHOLE_NUMBER'],
    ]);
  });

  it('refuses a cursor of another period, and a range that ends before it begins', async () => {
    const { app } = withYear();
    const { nextCursor } = (await request(app).get('/users/u/analytics?period=week').expect(200)).body;
    const { body } = await request(app)
      .get(`/users/u/analytics?period=month&cursor=${nextCursor}&from=2025-01-02&to=2025-01-01`)
      .expect(400);
    expect(body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['to', 'TO_BEFORE_FROM'],
      ['cursor', 'INVALID_CURSOR'],
    ]);
  });
});
