import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { closeRedis, createRedis } from '@streaks/shared/redis/create-redis';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import type { Redis } from 'ioredis';
import request from 'supertest';
import type { QueryApp } from './create-query-app';
import { createStoreWorld, STORE_TIMEOUT_MS } from './testing/store-world';

const NOW_MS = Date.parse('2025-01-15T12:00:00Z');
const day = (isoDate: string) => parseIsoDate(isoDate) as LocalDay;

let database: TestDatabase;
const keyPrefix = `test-${randomUUID()}:`;
const world = createStoreWorld({ nowMs: NOW_MS, keyPrefix });
let redis: Redis;
let up: ReturnType<typeof world.createApp>;

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  // A database set to another form of dates must not change an answer.
  await pool.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET DateStyle = %L', current_database(), 'German'); END $$`,
  );
  await pool.query(`
    INSERT INTO user_streaks (user_id, rule_id, runs, current_run_length, longest_run_length, last_qualified_date,
                              qualified_days_count, timezone, version, updated_at)
    VALUES ('u/1 界'::text || '', 'focus', '{}', 0, 0, NULL, 0, NULL, 0, '2025-01-14T20:00:00Z'),
           ('stored', 'focus', '{[2024-12-30,2025-01-02),[2025-01-13,2025-01-15)}', 2, 3, '2025-01-14', 5, 'America/New_York', 5, '2025-01-14T20:00:00Z'),
           ('stored', 'other', '{[2025-01-01,2025-01-02)}', 1, 1, '2025-01-01', 1, 'UTC', 1, '2025-01-14T20:00:00Z')`);
  await pool.query(`
    INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
    SELECT 'stored', rule, date, total, '2025-01-15T00:00:00Z', 's', 'America/New_York'
      FROM (VALUES ('focus', date '2025-01-13', 1800000), ('focus', '2025-01-14', 5400999), ('focus', '2025-01-15', 1799999),
                   ('other', '2025-01-15', 1)) AS totals (rule, date, total)`);
  await pool.query(`
    INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone)
    VALUES ('stored', 'kept', '2025-01-14T23:30:00.123+05:30', '2025-01-14T19:00:00.456Z', 'Asia/Kolkata')`);
  await pool.query(`
    INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, headers, user_id, event_id, record_time, shard, out_seq)
    VALUES (gen_random_uuid(), 0, 1, 't', 'TOO_LONG', 'first', '{}', 'stored', 'refused', now(), 0, 1),
           (gen_random_uuid(), 0, 2, 't', 'CONFLICT', 'other content', '{}', 'stored', 'kept', now(), 0, 2)`);
  redis = await world.connectRedis(stackAddresses().REDIS_URL);
  up = world.createApp(database.url, redis);
}, 150_000);

afterAll(async () => {
  const keys = await redis.keys(`${keyPrefix}*`);
  if (keys.length > 0) {
    await redis.del(...keys);
  }
  await world.close();
  await database.drop();
}, 30_000);

const storedStreak = {
  userId: 'stored',
  currentStreak: 2,
  longestStreak: 3,
  lastQualifiedDate: '2025-01-14',
  qualifiedDaysCount: 5,
};

describe('query-api on Postgres and Redis', () => {
  it('reads a streak from Postgres, puts it into Redis and reads it there from then on', async () => {
    expect((await request(up.app).get('/users/stored/streak').expect(200)).body).toEqual(storedStreak);
    await up.refiller.idle();
    const { lookups } = await up.store.read('stored', ['focus']);
    const runs = [
      { first: day('2024-12-30'), length: 3 },
      { first: day('2025-01-13'), length: 2 },
    ];
    expect(lookups).toEqual([
      {
        kind: 'found',
        generation: 1n,
        state: { runs, timezone: 'America/New_York', version: 5, updatedAtMs: Date.parse('2025-01-14T20:00:00Z') },
      },
    ]);
    await up.store.beginFill('test');
    await up.store.markFilled(1n, 'test');
    const reads = async () =>
      (await world.metrics.reads.get()).values.find(({ labels }) => labels.source === 'redis')?.value;
    const before = (await reads()) ?? 0;
    expect((await request(up.app).get('/users/stored/streak').expect(200)).body).toEqual(storedStreak);
    expect(await reads()).toBe(before + 1);
  });

  it('reads all rules with the seconds of today', async () => {
    const { body } = await request(up.app).get('/users/stored/streaks').expect(200);
    expect(body.streaks).toEqual([
      expect.objectContaining({
        ruleId: 'focus',
        currentStreak: 2,
        status: 'at_risk',
        expiresAt: '2025-01-16T05:00:00.000Z',
        timezone: 'America/New_York',
        secondsToday: 1799,
        secondsToTarget: 1,
      }),
      expect.objectContaining({ ruleId: 'activity', currentStreak: 0, timezone: 'America/New_York', checkInsToday: 0 }),
    ]);
  });

  it.each([
    ['', ['2025-01-13', '2025-01-14', '2025-01-15']],
    ['?from=2025-01-14', ['2025-01-14', '2025-01-15']],
    ['?to=2025-01-14', ['2025-01-13', '2025-01-14']],
    ['?from=2025-01-14&to=2025-01-14', ['2025-01-14']],
  ])('reads daily totals %s', async (query, dates) => {
    const { body } = await request(up.app).get(`/users/stored/daily-totals${query}`).expect(200);
    expect(body.days.map(({ date }: { date: string }) => date)).toEqual(dates);
    expect(body.days).toContainEqual({ date: '2025-01-14', seconds: 5400, qualified: true });
  });

  it('reads a batch with users of both kinds and strange ids', async () => {
    const userIds = [
      'nobody',
      'stored',
      "x'); DROP TABLE user_streaks; --".replaceAll(' ', '_'),
      '{"a",b}',
      '\u{1f600}',
    ];
    const { body } = await request(up.app).post('/streaks/batch').send({ userIds }).expect(200);
    expect(body.streaks.map(({ userId }: { userId: string }) => userId)).toEqual(userIds);
    expect(body.streaks[1]).toEqual(storedStreak);
  });

  it('reads what became of a session: kept although a conflict with it was dead-lettered, refused, not seen', async () => {
    expect((await request(up.app).get('/sessions/stored/kept').expect(200)).body).toEqual({
      userId: 'stored',
      sessionId: 'kept',
      status: 'processed',
      startTime: '2025-01-14T18:00:00.123Z',
      endTime: '2025-01-14T19:00:00.456Z',
      timezone: 'Asia/Kolkata',
    });
    expect((await request(up.app).get('/sessions/stored/refused').expect(200)).body).toMatchObject({
      status: 'rejected',
      reason: 'TOO_LONG',
      detail: 'first',
    });
    await request(up.app).get('/sessions/stored/never').expect(404);
    await request(up.app).get('/sessions/nobody/kept').expect(404);
  });

  it('may not write', async () => {
    await expect(up.pool.query('DELETE FROM user_streaks')).rejects.toMatchObject({ code: '25006' });
    const asReader = up.pool.query('SET transaction_read_only = off; DELETE FROM user_streaks');
    await expect(asReader).rejects.toMatchObject({ code: '42501' });
  });
});

describe('query-api with a store that is away', () => {
  it('answers from Postgres while nothing listens where Redis was, and says so', async () => {
    const app = world.createApp(database.url, connectAwayRedis('redis://127.0.0.1:1')).app;
    await expectStreaksFromPostgres(app);
  });

  it('answers from Postgres while Redis hangs, without waiting for it each time', async () => {
    const { app } = world.createApp(database.url, connectAwayRedis(`redis://127.0.0.1:${await listenSilently()}`));
    await expectStreaksFromPostgres(app);
  });

  it('answers streaks from Redis while Postgres hangs, and 503 for what only Postgres knows', async () => {
    await up.store.beginFill('test');
    await up.store.markFilled(1n, 'test');
    await request(up.app).get('/users/stored/streak').expect(200);
    await up.refiller.idle();
    const { app } = world.createApp(`postgres://u@127.0.0.1:${await listenSilently()}/x`, redis);
    const startedMs = performance.now();
    for (let index = 0; index < 5; index += 1) {
      expect((await request(app).get('/users/stored/streak').expect(200)).body).toEqual(storedStreak);
      const { body } = await request(app).get('/users/stored/streaks').expect(200);
      expect(body.streaks[0]).toMatchObject({ currentStreak: 2, secondsToday: null });
      for (const path of ['/users/nobody/streak', '/users/stored/daily-totals', '/sessions/stored/kept']) {
        const response = await request(app).get(path).expect(503);
        expect(response.body.code).toBe('STREAKS_STORE_UNAVAILABLE');
        expect(response.headers['retry-after']).toBe('1');
      }
    }
    // 20 requests for Postgres: the first three wait a timeout each, and at most a probe a second after that.
    expect(performance.now() - startedMs).toBeLessThan(8 * STORE_TIMEOUT_MS);
    expect((await request(app).get('/health').expect(200)).body.checks).toEqual({ redis: 'up', postgres: 'down' });
  });

  async function expectStreaksFromPostgres(app: QueryApp['app']): Promise<void> {
    for (let index = 0; index < 5; index += 1) {
      expect((await request(app).get('/users/stored/streak').expect(200)).body).toEqual(storedStreak);
    }
    const { body } = await request(app).get('/health').expect(200);
    expect(body.checks).toEqual({ redis: 'down', postgres: 'up' });
  }

  function connectAwayRedis(url: string): Redis {
    const away = createRedis({ url, name: 'away', commandTimeoutMs: STORE_TIMEOUT_MS, onOutage: () => undefined });
    world.defer(() => closeRedis(away));
    return away;
  }

  /** A server that takes connections and never says a word, as a stopped process does. Resolves to its port. */
  async function listenSilently(): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    world.defer(async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }
});
