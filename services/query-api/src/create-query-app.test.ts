import request from 'supertest';
import { createHarness, day, stateOf } from './testing/query-app-harness';

const LATE_ON_THE_15TH_IN_TOKYO = Date.parse('2025-01-15T16:00:00Z');
const zeros = { currentStreak: 0, longestStreak: 0, lastQualifiedDate: null, qualifiedDaysCount: 0 };
const threeDays = stateOf(['2025-01-12', '2025-01-13', '2025-01-14'], 'America/New_York');

describe('GET /users/{id}/streak', () => {
  it('answers the streak as of now from Redis, without asking Postgres', async () => {
    const { app, fillRedis, putInRedis, calls } = createHarness();
    await fillRedis();
    await putInRedis('u', threeDays);
    const response = await request(app).get('/users/u/streak').expect(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.text).toBe(
      '{"userId":"u","currentStreak":3,"longestStreak":3,"lastQualifiedDate":"2025-01-14","qualifiedDaysCount":3}',
    );
    expect(calls.postgres).toBe(0);
  });

  it('answers zeros and null for an unknown user', async () => {
    const { app, fillRedis } = createHarness();
    await fillRedis();
    const { body } = await request(app).get('/users/nobody/streak').expect(200);
    expect(body).toEqual({ userId: 'nobody', ...zeros });
  });

  it('answers zeros for a deleted user, and does not ask Postgres', async () => {
    const { app, fillRedis, redis, calls } = createHarness();
    await fillRedis();
    await redis.writeAll([{ userId: 'gone', ruleId: 'focus', generation: 1n, state: null, version: 4 }]);
    const { body } = await request(app).get('/users/gone/streak').expect(200);
    expect(body).toEqual({ userId: 'gone', ...zeros });
    expect(calls.postgres).toBe(0);
  });

  it("takes today in the user's own zone, never UTC: it is the 16th in Tokyo already", async () => {
    const { app, putInPostgres } = createHarness({ nowMs: LATE_ON_THE_15TH_IN_TOKYO });
    putInPostgres('tokyo', stateOf(['2025-01-14'], 'Asia/Tokyo'));
    putInPostgres('london', stateOf(['2025-01-14'], 'Europe/London'));
    expect((await request(app).get('/users/tokyo/streak')).body).toMatchObject({ currentStreak: 0, longestStreak: 1 });
    expect((await request(app).get('/users/london/streak')).body).toMatchObject({ currentStreak: 1 });
  });

  it('takes today in the zone asked for, without cutting later days', async () => {
    const { app, putInPostgres } = createHarness({ nowMs: LATE_ON_THE_15TH_IN_TOKYO });
    putInPostgres('u', stateOf(['2025-01-15', '2025-01-16'], 'Asia/Tokyo'));
    const { body } = await request(app).get('/users/u/streak').query({ timezone: 'America/Los_Angeles' }).expect(200);
    expect(body).toMatchObject({ currentStreak: 2, lastQualifiedDate: '2025-01-16' });
  });

  it('cuts the dates after that of an instant asked about, in the zone asked for or that of the user', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', threeDays);
    const at = '2025-01-14T02:00:00Z';
    expect((await request(app).get('/users/u/streak').query({ at })).body).toEqual({
      userId: 'u',
      currentStreak: 2,
      longestStreak: 2,
      lastQualifiedDate: '2025-01-13',
      qualifiedDaysCount: 2,
    });
    const inUtc = await request(app).get('/users/u/streak').query({ at, timezone: 'UTC' });
    expect(inUtc.body).toMatchObject({ currentStreak: 3, lastQualifiedDate: '2025-01-14' });
  });

  it('understands a + in the query that was not escaped', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', threeDays);
    const { body } = await request(app)
      .get('/users/u/streak?at=2025-01-13T10:00:00+05:30&timezone=Etc/GMT+5')
      .expect(200);
    expect(body).toMatchObject({ lastQualifiedDate: '2025-01-12' });
  });

  it('takes any id, percent-encoded', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('a/b?c%{}"界', threeDays);
    const { body } = await request(app)
      .get(`/users/${encodeURIComponent('a/b?c%{}"界')}/streak`)
      .expect(200);
    expect(body).toMatchObject({ userId: 'a/b?c%{}"界', currentStreak: 3 });
  });

  it('names every fault at once, with the correlation id', async () => {
    const { app, calls } = createHarness();
    const response = await request(app)
      .get('/users/a%20b/streak?at=2025-01-15T10:00:00&timezone=%2B05:30')
      .set('X-Request-Id', 'r-1')
      .expect(400);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body).toMatchObject({ code: 'STREAKS_INVALID_REQUEST', requestId: 'r-1' });
    expect(response.body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['userId', 'INVALID_ID'],
      ['at', 'NOT_AN_INSTANT'],
      ['timezone', 'OFFSET_TIMEZONE'],
    ]);
    expect(calls).toEqual({ redis: 0, postgres: 0 });
  });

  it.each([
    ['at=2025-02-30T00:00:00Z', 'at', 'NOT_AN_INSTANT'],
    ['at=', 'at', 'NOT_AN_INSTANT'],
    ['at=1969-12-31T23:59:59Z', 'at', 'BEFORE_1970'],
    ['at=2025-01-01T00:00:00Z&at=2025-01-02T00:00:00Z', 'at', 'NOT_A_TEXT'],
    ['timezone=', 'timezone', 'UNKNOWN_TIMEZONE'],
    ['timezone=Mars/Olympus', 'timezone', 'UNKNOWN_TIMEZONE'],
    ['timezone=UTC&timezone=UTC', 'timezone', 'NOT_A_TEXT'],
  ])('refuses ?%s', async (query, field, code) => {
    const { body } = await request(createHarness().app).get(`/users/u/streak?${query}`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field, code })]);
  });

  it.each(['%00', 'a%0Ab', 'x'.repeat(129), '%C2%A0'])('refuses the id %s', async (id) => {
    const { body } = await request(createHarness().app).get(`/users/${id}/streak`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: 'userId', code: 'INVALID_ID' })]);
  });

  it('refuses what is no percent encoding', async () => {
    const { body } = await request(createHarness().app).get('/users/%E0%A4%A/streak').expect(400);
    expect(body.code).toBe('STREAKS_MALFORMED_REQUEST');
  });
});

describe('GET /users/{id}/streaks', () => {
  it('answers every rule with what is left to do today', async () => {
    const { app, putInPostgres, readModel } = createHarness();
    putInPostgres('u', threeDays);
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2025-01-15'), totalMs: 600_500 });
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body).toEqual({
      userId: 'u',
      streaks: [
        {
          ruleId: 'focus',
          currentStreak: 3,
          longestStreak: 3,
          lastQualifiedDate: '2025-01-14',
          qualifiedDaysCount: 3,
          isActiveToday: false,
          daysSinceActivity: 1,
          expiresAt: '2025-01-16T05:00:00.000Z',
          timezone: 'America/New_York',
          secondsToday: 600,
          secondsToTarget: 1200,
        },
      ],
    });
  });

  it('answers an unknown user in the zone asked for', async () => {
    const { app } = createHarness();
    const { body } = await request(app).get('/users/u/streaks?timezone=Asia/Kolkata').expect(200);
    expect(body.streaks).toEqual([
      {
        ruleId: 'focus',
        ...zeros,
        isActiveToday: false,
        daysSinceActivity: null,
        expiresAt: null,
        timezone: 'Asia/Kolkata',
        secondsToday: 0,
        secondsToTarget: 1800,
      },
    ]);
  });

  it('says a streak that broke expires no more', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', stateOf(['2025-01-10']));
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks[0]).toMatchObject({ currentStreak: 0, expiresAt: null, daysSinceActivity: 5 });
  });

  it('leaves seconds null while Postgres is away', async () => {
    const { app, fillRedis, putInRedis, down } = createHarness();
    await fillRedis();
    await putInRedis('u', threeDays);
    down.postgres = true;
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks[0]).toMatchObject({ currentStreak: 3, secondsToday: null, secondsToTarget: null });
  });

  it('refuses a wrong zone', async () => {
    const { body } = await request(createHarness().app).get('/users/u/streaks?timezone=x').expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: 'timezone', code: 'UNKNOWN_TIMEZONE' })]);
  });
});

describe('POST /streaks/batch', () => {
  it('answers in the order asked, repeats included, each as the single route', async () => {
    const { app, fillRedis, putInRedis, putInPostgres } = createHarness();
    await fillRedis();
    await putInRedis('in-redis', threeDays);
    putInPostgres('in-postgres', stateOf(['2025-01-15']));
    const userIds = ['in-postgres', 'nobody', 'in-redis', 'in-postgres'];
    const { body } = await request(app).post('/streaks/batch').send({ userIds }).expect(200);
    const single = await Promise.all(userIds.map((id) => request(app).get(`/users/${id}/streak`)));
    expect(body).toEqual({ streaks: single.map((response) => response.body) });
    expect(body.streaks.map(({ currentStreak }: { currentStreak: number }) => currentStreak)).toEqual([1, 0, 3, 1]);
  });

  it('takes an instant and a zone for all', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', threeDays);
    const body = { userIds: ['u'], at: '2025-01-13T12:00:00Z', timezone: 'UTC' };
    const response = await request(app).post('/streaks/batch').send(body).expect(200);
    expect(response.body.streaks).toEqual([expect.objectContaining({ lastQualifiedDate: '2025-01-13' })]);
  });

  it('takes 1,000 ids of 128 characters outside the basic plane, and none', async () => {
    const { app } = createHarness();
    const userIds = Array.from(
      { length: 1_000 },
      (_, index) => '\u{1f600}'.repeat(124) + String(index).padStart(4, '0'),
    );
    const escaped = JSON.stringify({ userIds }).replace(
      /[\ud800-\udfff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
    );
    const response = await request(app).post('/streaks/batch').type('json').send(escaped).expect(200);
    expect(response.body.streaks).toHaveLength(1_000);
    expect((await request(app).post('/streaks/batch').send({ userIds: [] }).expect(200)).body).toEqual({ streaks: [] });
  });

  it.each([
    [{}, [['userIds', 'NOT_A_LIST']]],
    [{ userIds: 'u' }, [['userIds', 'NOT_A_LIST']]],
    [{ userIds: Array.from({ length: 1_001 }, () => 'u') }, [['userIds', 'TOO_MANY']]],
    [[], [['', 'NOT_AN_OBJECT']]],
    [
      { userIds: ['ok', '', 7, 'a b'], at: 5, timezone: 'x' },
      [
        ['userIds[1]', 'INVALID_ID'],
        ['userIds[2]', 'INVALID_ID'],
        ['userIds[3]', 'INVALID_ID'],
        ['at', 'NOT_A_TEXT'],
        ['timezone', 'UNKNOWN_TIMEZONE'],
      ],
    ],
  ])('names the faults of a body (%#)', async (body, expected) => {
    const response = await request(createHarness().app).post('/streaks/batch').send(body).expect(400);
    const faults: { field: string; code: string }[] = response.body.errors;
    expect(faults.map(({ field, code }) => [field, code])).toEqual(expected);
  });

  it('refuses a body that is no JSON, of another type, or too large', async () => {
    const post = () => request(createHarness().app).post('/streaks/batch');
    expect((await post().type('json').send('{').expect(400)).body.code).toBe('STREAKS_MALFORMED_JSON');
    expect((await post().type('text').send('u').expect(415)).body.code).toBe('STREAKS_UNSUPPORTED_MEDIA_TYPE');
    const large = JSON.stringify({ userIds: ['x'.repeat(3_000_000)] });
    expect((await post().type('json').send(large).expect(413)).body.code).toBe('STREAKS_BODY_TOO_LARGE');
  });

  it('answers another method with 405', async () => {
    const response = await request(createHarness().app).get('/streaks/batch').expect(405);
    expect(response.headers['allow']).toBe('POST');
  });
});

describe('GET /users/{id}/daily-totals', () => {
  function withTotals() {
    const harness = createHarness();
    const dates = [
      ['2025-01-15', 1_800_000],
      ['2025-01-13', 1_799_999],
      ['2025-01-14', 90_061_999],
    ] as const;
    for (const [date, totalMs] of dates) {
      harness.readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day(date), totalMs });
    }
    harness.readModel.totals.push({ userId: 'other', ruleId: 'focus', day: day('2025-01-14'), totalMs: 1 });
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
      readModel.totals.push({ userId: 'u', ruleId: 'focus', day: (20_000 + index) as never, totalMs: 1000 });
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
  ])('refuses ?%s', async (query, field, code) => {
    const { body } = await request(createHarness().app).get(`/users/u/daily-totals?${query}`).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ field, code })]);
  });

  it('takes a range of exactly 1,000 days', async () => {
    await request(createHarness().app).get('/users/u/daily-totals?from=2022-01-01&to=2024-09-26').expect(200);
  });
});

describe('GET /sessions/{userId}/{sessionId}', () => {
  it('answers what became of a session', async () => {
    const { app, readModel } = createHarness();
    const startMs = Date.parse('2025-01-15T10:00:00.123Z');
    readModel.sessions.set('u/a', { status: 'processed', startMs, endMs: startMs + 1, timezone: 'Asia/Tokyo' });
    readModel.sessions.set('u/b/c', { status: 'rejected', reason: 'TOO_LONG', detail: 'a session must…' });
    expect((await request(app).get('/sessions/u/a').expect(200)).body).toEqual({
      userId: 'u',
      sessionId: 'a',
      status: 'processed',
      startTime: '2025-01-15T10:00:00.123Z',
      endTime: '2025-01-15T10:00:00.124Z',
      timezone: 'Asia/Tokyo',
    });
    expect((await request(app).get('/sessions/u/b%2Fc').expect(200)).body).toEqual({
      userId: 'u',
      sessionId: 'b/c',
      status: 'rejected',
      reason: 'TOO_LONG',
      detail: 'a session must…',
    });
  });

  it('answers 404 with Retry-After for one not seen', async () => {
    const response = await request(createHarness().app).get('/sessions/u/s').expect(404);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.body.code).toBe('STREAKS_SESSION_NOT_SEEN');
  });

  it('names both ids when both are wrong', async () => {
    const { body } = await request(createHarness().app).get('/sessions/a%20b/c%20d').expect(400);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(['userId', 'sessionId']);
  });
});

it('answers a route that is none with 404', async () => {
  const { body } = await request(createHarness().app).get('/users/u').expect(404);
  expect(body.code).toBe('STREAKS_ROUTE_NOT_FOUND');
});
