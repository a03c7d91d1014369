import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import request from 'supertest';
import { createHarness, stateOf } from '../testing/query-app-harness';
import { percentileOf } from './leaderboard-routes';

const unavailable = 'STREAKS_STORE_UNAVAILABLE';
/** Days up to the 15th, which is today, or up to another one. */
const streakOf = (days: number, last = 15): StreakState =>
  stateOf(Array.from({ length: days }, (_, index) => `2025-01-${String(last - index).padStart(2, '0')}`));

const users: readonly (readonly [userId: string, state: StreakState])[] = [
  ['ada', streakOf(3)],
  ['bob', streakOf(5, 10)],
  ['cyd', streakOf(2)],
  ['dee', { ...streakOf(9), isUnlisted: true }],
];

async function createBoards({ isInRedis = true } = {}) {
  const harness = createHarness();
  for (const [userId, state] of users) {
    if (isInRedis) await harness.putInRedis(userId, state);
    harness.putInPostgres(userId, state);
  }
  if (isInRedis) await harness.fillRedis();
  return harness;
}

const ids = (body: { readonly items: readonly { readonly userId: string }[] }) =>
  body.items.map(({ userId }) => userId).join(' ');

describe('GET /leaderboard', () => {
  it('ranks qualified days, from Redis', async () => {
    const { app, calls } = await createBoards();
    const { body } = await request(app).get('/leaderboard').expect(200);
    expect(body).toEqual({
      ruleId: 'focus',
      board: 'qualified',
      total: 3,
      items: [
        { rank: 1, userId: 'bob', qualifiedDaysCount: 5, longestStreak: 5, currentStreak: 0, percentile: 100 },
        { rank: 2, userId: 'ada', qualifiedDaysCount: 3, longestStreak: 3, currentStreak: 3, percentile: 50 },
        { rank: 3, userId: 'cyd', qualifiedDaysCount: 2, longestStreak: 2, currentStreak: 2, percentile: 0 },
      ],
    });
    expect(calls.postgres).toBe(0);
  });

  it('ranks the streaks that are alive, until the day ends that they need', async () => {
    const { app, clock } = await createBoards();
    const current = () => request(app).get('/leaderboard?board=current').expect(200);
    expect(ids((await current()).body)).toBe('ada cyd');
    clock.now = Date.parse('2025-01-16T23:59:59.999Z');
    expect((await current()).body).toMatchObject({ total: 2, items: [{ rank: 1, currentStreak: 3 }, { rank: 2 }] });
    clock.now += 1;
    expect((await current()).body).toMatchObject({ board: 'current', total: 0, items: [] });
  });

  it('pages, and lays a page around a user', async () => {
    const { app } = await createBoards();
    const page = async (query: string) => (await request(app).get(`/leaderboard?${query}`).expect(200)).body;
    expect(ids(await page('limit=1&offset=1'))).toBe('ada');
    expect(await page('limit=2&offset=2')).toMatchObject({ total: 3, items: [{ rank: 3, userId: 'cyd' }] });
    expect(await page('offset=3')).toMatchObject({ total: 3, items: [] });
    expect(ids(await page('around=ada&limit=3'))).toBe('bob ada cyd');
    expect(await page('around=cyd&limit=1')).toMatchObject({ items: [{ rank: 3, percentile: 0 }] });
    expect(await page('around=dee')).toMatchObject({ total: 3, items: [] });
    expect(await page('around=nobody&board=current')).toMatchObject({ total: 2, items: [] });
  });

  it('keeps the rules apart', async () => {
    const harness = await createBoards();
    await harness.putInRedis('eve', streakOf(1), 'activity');
    const { body } = await request(harness.app).get('/leaderboard?ruleId=activity').expect(200);
    expect(body).toMatchObject({ ruleId: 'activity', items: [{ userId: 'eve', percentile: 100 }] });
  });

  it('names every fault', async () => {
    const { app, calls } = await createBoards();
    const { body } = await request(app).get('/leaderboard?ruleId=x&board=y&limit=0&offset=-1&around=a%20b').expect(400);
    expect(body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['ruleId', 'UNKNOWN_RULE'],
      ['board', 'UNKNOWN_BOARD'],
      ['limit', 'NOT_A_WHOLE_NUMBER'],
      ['offset', 'NOT_A_WHOLE_NUMBER'],
      ['around', 'INVALID_ID'],
    ]);
    expect(calls).toMatchObject({ redis: 0, postgres: 0 });
    const both = await request(app).get('/leaderboard?around=ada&offset=5').expect(400);
    expect(both.body.errors).toEqual([expect.objectContaining({ field: 'offset', code: 'NOT_WITH_AROUND' })]);
  });

  it.each(['limit=101', 'limit=1.5', 'limit=', 'offset=1e3', 'offset=1&offset=2'])('refuses ?%s', async (query) => {
    const { app } = await createBoards();
    await request(app).get(`/leaderboard?${query}`).expect(400);
  });
});

describe('GET /api/streak/leaderboard', () => {
  it('ranks the current streaks of check-ins, in snake_case', async () => {
    const { app, fillRedis, putInRedis } = createHarness();
    await fillRedis();
    for (const [userId, state] of users) await putInRedis(userId, state, 'activity');
    const { body } = await request(app).get('/api/streak/leaderboard').expect(200);
    expect(body).toEqual({
      total: 2,
      leaderboard: [
        { rank: 1, user_id: 'ada', current_streak: 3, longest_streak: 3 },
        { rank: 2, user_id: 'cyd', current_streak: 2, longest_streak: 2 },
      ],
    });
    const second = await request(app).get('/api/streak/leaderboard?limit=1&offset=1').expect(200);
    expect(second.body.leaderboard).toEqual([expect.objectContaining({ rank: 2, user_id: 'cyd' })]);
    await request(app).get('/api/streak/leaderboard?limit=x').expect(400);
  });
});

describe('the stores of the boards', () => {
  it.each(['not filled', 'down'])('answers the same from Postgres while Redis is %s', async (redis) => {
    const [whole, broken] = [await createBoards(), await createBoards({ isInRedis: redis === 'down' })];
    broken.down.redis = redis === 'down';
    for (const query of ['', '?board=current', '?around=ada&limit=1', '?around=nobody']) {
      const answers = await Promise.all(
        [whole, broken].map(({ app }) => request(app).get(`/leaderboard${query}`).expect(200)),
      );
      expect(answers[1]?.body).toEqual(answers[0]?.body);
    }
    expect(await broken.registry.metrics()).toContain('streaks_query_board_reads_total{source="postgres"} 4');
    expect(await whole.registry.metrics()).toContain('streaks_query_board_reads_total{source="redis"} 4');
  });

  it('are both away: 503', async () => {
    const { app, down } = await createBoards();
    down.postgres = true;
    await request(app).get('/leaderboard').expect(200);
    down.redis = true;
    const response = await request(app).get('/leaderboard').expect(503);
    expect([response.body.code, response.headers['retry-after']]).toEqual([unavailable, '1']);
    expect((await request(app).get('/api/streak/leaderboard').expect(503)).body.code).toBe(unavailable);
  });
});

it.each([
  [0, 1, 100],
  [0, 2, 100],
  [1, 2, 0],
  [1, 3, 50],
  [1, 4, 66.66],
  [1, 1_000_000, 99.99],
  [999_999, 1_000_000, 0],
])('place %d of %d is percentile %d', (place, total, percentile) => {
  expect(percentileOf(place, total)).toBe(percentile);
});
