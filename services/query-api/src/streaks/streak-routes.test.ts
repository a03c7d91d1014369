import request from 'supertest';
import { createHarness, day, setTarget, setZone, stateOf } from '../testing/query-app-harness';

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
    putInPostgres('u', stateOf(['2025-01-15'], 'Asia/Tokyo'), 'activity');
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2025-01-15'), total: 600_500 });
    readModel.totals.push({ userId: 'u', ruleId: 'activity', day: day('2025-01-15'), total: 2 });
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
          status: 'at_risk',
          freezesLeft: 0,
          daysBridged: 0,
          isActiveToday: false,
          daysSinceActivity: 1,
          expiresAt: '2025-01-16T05:00:00.000Z',
          timezone: 'America/New_York',
          secondsToday: 600,
          secondsToTarget: 1200,
          checkInsToday: null,
          checkInsToTarget: null,
        },
        {
          ruleId: 'activity',
          currentStreak: 1,
          longestStreak: 1,
          lastQualifiedDate: '2025-01-15',
          qualifiedDaysCount: 1,
          status: 'safe',
          freezesLeft: 0,
          daysBridged: 0,
          isActiveToday: true,
          daysSinceActivity: 0,
          expiresAt: '2025-01-16T15:00:00.000Z',
          timezone: 'Asia/Tokyo',
          secondsToday: null,
          secondsToTarget: null,
          checkInsToday: 2,
          checkInsToTarget: 0,
        },
      ],
    });
  });

  it('counts to the target that the user has on the day', async () => {
    const { app, putInPostgres, readModel } = createHarness();
    putInPostgres('u', threeDays);
    readModel.totals.push({ userId: 'u', ruleId: 'focus', day: day('2025-01-15'), total: 600_500 });
    setTarget(readModel, 'u', { from: '2025-01-15', dailyTargetSeconds: 900, dailyCheckInTarget: 3 });
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks).toMatchObject([{ secondsToTarget: 300 }, { checkInsToday: 0, checkInsToTarget: 3 }]);
    setTarget(readModel, 'later', { from: '2025-01-16', dailyTargetSeconds: 900 });
    const later = await request(app).get('/users/later/streaks').expect(200);
    expect(later.body.streaks[0]).toMatchObject({ secondsToTarget: 1800 });
  });

  it('tells what freezes and pauses do', async () => {
    const { app, putInPostgres } = createHarness();
    const freezes = [{ from: day('2025-01-01'), rule: { earnEvery: 2, cap: 2 } }];
    putInPostgres('frozen', {
      ...stateOf(['2025-01-10', '2025-01-11', '2025-01-12', '2025-01-13']),
      bridging: { freezes, pauses: [] },
    });
    const pauses = [{ first: day('2025-01-15'), last: day('2025-01-17') }];
    putInPostgres('paused', { ...threeDays, bridging: { freezes: [], pauses } });
    expect((await request(app).get('/users/frozen/streaks')).body.streaks[0]).toMatchObject({
      currentStreak: 4,
      status: 'frozen',
      freezesLeft: 1,
      daysBridged: 1,
      expiresAt: '2025-01-17T00:00:00.000Z',
    });
    expect((await request(app).get('/users/paused/streaks')).body.streaks[0]).toMatchObject({
      status: 'frozen',
      expiresAt: '2025-01-19T05:00:00.000Z',
    });
    expect((await request(app).get('/users/frozen/streak')).body).toMatchObject({ currentStreak: 4 });
  });

  it('takes today where the user is known to be, under a rule without a zone of its own', async () => {
    const { app, putInPostgres, readModel } = createHarness({ nowMs: LATE_ON_THE_15TH_IN_TOKYO });
    putInPostgres('u', stateOf(['2025-01-14'], 'Asia/Tokyo'));
    readModel.totals.push({ userId: 'u', ruleId: 'activity', day: day('2025-01-16'), total: 1 });
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks[1]).toMatchObject({ ruleId: 'activity', timezone: 'Asia/Tokyo', checkInsToday: 1 });
    setZone(readModel, 'new', 'Asia/Tokyo');
    expect((await request(app).get('/users/new/streaks')).body.streaks[0]).toMatchObject({ timezone: 'Asia/Tokyo' });
  });

  it('answers an unknown user in the zone asked for', async () => {
    const { app } = createHarness();
    const { body } = await request(app).get('/users/u/streaks?timezone=Asia/Kolkata').expect(200);
    const unknown = {
      ...zeros,
      status: 'none',
      freezesLeft: 0,
      daysBridged: 0,
      isActiveToday: false,
      daysSinceActivity: null,
      expiresAt: null,
      timezone: 'Asia/Kolkata',
    };
    const nothing = { secondsToday: null, secondsToTarget: null, checkInsToday: null, checkInsToTarget: null };
    expect(body.streaks).toEqual([
      { ruleId: 'focus', ...unknown, ...nothing, secondsToday: 0, secondsToTarget: 1800 },
      { ruleId: 'activity', ...unknown, ...nothing, checkInsToday: 0, checkInsToTarget: 1 },
    ]);
  });

  it('says a streak that broke expires no more', async () => {
    const { app, putInPostgres } = createHarness();
    putInPostgres('u', stateOf(['2025-01-10']));
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks[0]).toMatchObject({ currentStreak: 0, expiresAt: null, daysSinceActivity: 5 });
  });

  it('leaves seconds null while Postgres is away, and a rule out that Redis does not have', async () => {
    const { app, fillRedis, putInRedis, down } = createHarness();
    await fillRedis();
    await putInRedis('u', threeDays);
    down.postgres = true;
    const { body } = await request(app).get('/users/u/streaks').expect(200);
    expect(body.streaks).toEqual([
      expect.objectContaining({ ruleId: 'focus', currentStreak: 3, secondsToday: null, secondsToTarget: null }),
    ]);
    await putInRedis('u', stateOf(['2025-01-15']), 'activity');
    const both = await request(app).get('/users/u/streaks').expect(200);
    expect(both.body.streaks[1]).toMatchObject({ ruleId: 'activity', checkInsToday: null, checkInsToTarget: null });
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

describe('GET /api/streak/{id}', () => {
  it('answers the streak of check-ins in snake case, as of now', async () => {
    const { app, putInPostgres } = createHarness({ nowMs: LATE_ON_THE_15TH_IN_TOKYO });
    putInPostgres('u', threeDays);
    putInPostgres('u', stateOf(['2025-01-10', '2025-01-11', '2025-01-14'], 'Europe/London'), 'activity');
    const { body } = await request(app).get('/api/streak/u').expect(200);
    expect(body).toEqual({ current_streak: 1, longest_streak: 2, last_active_date: '2025-01-14' });
    const inTokyo = await request(app).get('/api/streak/u?timezone=Asia/Tokyo').expect(200);
    expect(inTokyo.body).toMatchObject({ current_streak: 0 });
  });

  it('answers zeros for an unknown user, and refuses an id that is none', async () => {
    const { app } = createHarness();
    const { body } = await request(app).get('/api/streak/nobody').expect(200);
    expect(body).toEqual({ current_streak: 0, longest_streak: 0, last_active_date: null });
    await request(app).get('/api/streak/a%20b').expect(400);
  });
});
