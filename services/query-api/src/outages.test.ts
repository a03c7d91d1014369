import { waitFor } from '@streaks/testing/wait-for';
import request from 'supertest';
import { FAILURES_TO_OPEN, PROBE_INTERVAL_MS } from './stores/store-circuit';
import { createHarness, stateOf } from './testing/query-app-harness';

const oneDay = stateOf(['2025-01-15']);
const twoDays = stateOf(['2025-01-14', '2025-01-15'], 'UTC', 2);

/** A harness with one user in both stores, one only in Postgres and one in Redis that Postgres knows better. */
async function prepare({ isFilled }: { isFilled: boolean }) {
  const harness = createHarness();
  if (isFilled) {
    await harness.fillRedis();
  }
  await harness.putInRedis('both', twoDays);
  harness.putInPostgres('both', twoDays);
  harness.putInPostgres('only-postgres', oneDay);
  await harness.putInRedis('older-in-redis', oneDay);
  harness.putInPostgres('older-in-redis', twoDays);
  return harness;
}

type Harness = Awaited<ReturnType<typeof prepare>>;

async function streakOf({ app }: Harness, userId: string): Promise<number | string> {
  const single = await request(app).get(`/users/${userId}/streak`);
  const batch = await request(app)
    .post('/streaks/batch')
    .send({ userIds: [userId] });
  const all = await request(app).get(`/users/${userId}/streaks`);
  expect([batch.status, all.status]).toEqual([single.status, single.status]);
  if (single.status === 200) {
    expect(batch.body.streaks[0]).toEqual(single.body);
    expect(all.body.streaks[0].currentStreak).toBe(single.body.currentStreak);
  } else {
    expect(single.headers['retry-after']).toBe('1');
    expect(batch.body.code).toBe(single.body.code);
  }
  return single.status === 200 ? single.body.currentStreak : single.body.code;
}

const unavailable = 'STREAKS_STORE_UNAVAILABLE';

describe.each<{
  redis: 'filled' | 'not filled' | 'down';
  postgres: 'up' | 'down';
  expected: Record<'both' | 'only-postgres' | 'older-in-redis' | 'nobody', number | string>;
}>([
  {
    redis: 'filled',
    postgres: 'up',
    expected: { both: 2, 'only-postgres': 1, 'older-in-redis': 1, nobody: 0 },
  },
  {
    redis: 'not filled',
    postgres: 'up',
    expected: { both: 2, 'only-postgres': 1, 'older-in-redis': 2, nobody: 0 },
  },
  {
    redis: 'down',
    postgres: 'up',
    expected: { both: 2, 'only-postgres': 1, 'older-in-redis': 2, nobody: 0 },
  },
  {
    redis: 'filled',
    postgres: 'down',
    expected: { both: 2, 'only-postgres': unavailable, 'older-in-redis': 1, nobody: unavailable },
  },
  {
    redis: 'not filled',
    postgres: 'down',
    expected: { both: 2, 'only-postgres': unavailable, 'older-in-redis': 1, nobody: unavailable },
  },
  {
    redis: 'down',
    postgres: 'down',
    expected: { both: unavailable, 'only-postgres': unavailable, 'older-in-redis': unavailable, nobody: unavailable },
  },
])('with Redis $redis and Postgres $postgres', ({ redis, postgres, expected }) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await prepare({ isFilled: redis !== 'not filled' });
    harness.down.redis = redis === 'down';
    harness.down.postgres = postgres === 'down';
  });

  it.each(Object.entries(expected))('%s reads %s', async (userId, answer) => {
    expect(await streakOf(harness, userId)).toBe(answer);
  });

  it.each([
    '/users/u/daily-totals',
    '/users/u/calendar',
    '/users/u/analytics',
    '/users/u/history',
    '/users/u/friends',
    '/users/u/leaderboard/friends',
    '/sessions/u/s',
    '/check-ins/u/c',
  ])('%s needs Postgres', async (path) => {
    const response = await request(harness.app).get(path);
    if (postgres === 'up') {
      expect([200, 404]).toContain(response.status);
    } else {
      expect(response.status).toBe(503);
      expect(response.body).toMatchObject({ code: unavailable, detail: 'postgres cannot be reached' });
      expect(response.headers['retry-after']).toBe('1');
    }
  });

  it('says at /health which store is up, and is ready while one is', async () => {
    const isDown = redis === 'down' && postgres === 'down';
    for (const path of ['/health', '/health/ready']) {
      const { body } = await request(harness.app)
        .get(path)
        .expect(isDown ? 503 : 200);
      expect(body).toMatchObject({
        checks: { redis: redis === 'down' ? 'down' : 'up', postgres },
        tzdataVersion: '2025a',
      });
    }
    await request(harness.app).get('/health/live').expect(200);
  });
});

describe('refill', () => {
  it('puts a state that Redis missed back, so that the next read needs no Postgres', async () => {
    const harness = await prepare({ isFilled: true });
    await request(harness.app).get('/users/only-postgres/streak').expect(200);
    await harness.refiller.idle();
    const asked = harness.calls.postgres;
    await request(harness.app).get('/users/only-postgres/streak').expect(200);
    expect(harness.calls.postgres).toBe(asked);
    expect(await harness.registry.metrics()).toContain('streaks_query_refills_total{result="written"} 1');
  });

  it('does not put back what the processor has overtaken', async () => {
    const harness = await prepare({ isFilled: false });
    await harness.putInRedis('only-postgres', twoDays);
    await request(harness.app).get('/users/only-postgres/streak').expect(200);
    await harness.refiller.idle();
    const { lookups } = await harness.redis.read('only-postgres', ['focus']);
    expect(lookups).toEqual([{ kind: 'found', state: twoDays, generation: 1n }]);
    expect(await harness.registry.metrics()).toContain('streaks_query_refills_total{result="stale"} 1');
  });

  it('answers although the write to Redis fails', async () => {
    const harness = await prepare({ isFilled: true });
    harness.down.redis = true;
    await request(harness.app).get('/users/only-postgres/streak').expect(200);
    await harness.refiller.idle();
    expect(await harness.registry.metrics()).toContain('streaks_query_refills_total{result="failed"} 1');
  });
});

describe('a store that is away', () => {
  it('is not asked by every request, and is found again once it is back', async () => {
    const harness = await prepare({ isFilled: true });
    harness.down.redis = true;
    for (let index = 0; index < 20; index += 1) {
      await request(harness.app).get('/users/nobody/streak').expect(200);
    }
    expect(harness.calls.redis).toBe(FAILURES_TO_OPEN);
    expect(await harness.registry.metrics()).toContain('streaks_query_store_up{store="redis"} 0');

    harness.down.redis = false;
    harness.clock.monotonic += PROBE_INTERVAL_MS;
    const asked = harness.calls.postgres;
    await waitFor(async () => (await request(harness.app).get('/users/both/streak')).status === 200, {
      description: 'an answer',
    });
    await request(harness.app).get('/users/both/streak').expect(200);
    expect(harness.calls.postgres).toBe(asked);
    expect(await harness.registry.metrics()).toContain('streaks_query_store_up{store="redis"} 1');
  });

  it('counts reads by the store that answered', async () => {
    const harness = await prepare({ isFilled: true });
    await request(harness.app).get('/users/both/streak').expect(200);
    await request(harness.app)
      .post('/streaks/batch')
      .send({ userIds: ['both', 'only-postgres', 'nobody'] })
      .expect(200);
    const metrics = await harness.registry.metrics();
    expect(metrics).toContain('streaks_query_reads_total{source="redis"} 2');
    expect(metrics).toContain('streaks_query_reads_total{source="postgres"} 2');
  });
});

it('answers 500, not 503, for an error that is no outage', async () => {
  const { app, readModel } = createHarness();
  readModel.readDailyTotals = () => Promise.reject(new TypeError('a bug'));
  const { body } = await request(app).get('/users/u/daily-totals').expect(500);
  expect(body.code).toBe('STREAKS_INTERNAL');
  expect(JSON.stringify(body)).not.toContain('a bug');
});
