import type { StreaksClient } from '@streaks/client/create-streaks-client';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { clientOf } from '../http/client-of';
import { readMetric } from '../http/read-metric';
import { noonZone } from '../updates/noon-zone';

const DAY_MS = 86_400_000;
const timezone = noonZone(Date.now());

let pipeline: Pipeline;
let client: StreaksClient;
beforeAll(async () => {
  pipeline = await startPipeline({ ingest: true, queryApi: true });
  client = await clientOf(pipeline);
}, 90_000);
afterAll(() => pipeline?.stop(), 60_000);

async function checkIn(userId: string, daysAgo: number): Promise<void> {
  const at = new Date(Date.now() - daysAgo * DAY_MS).toISOString();
  const { response } = await client.ingest.POST('/check-ins', {
    params: { header: { Prefer: 'wait=20' } },
    body: { userId, timezone, at },
  });
  expect(response.status).toBe(201);
}

/** Who stands on a board of check-ins, and from which store that was read. */
async function readBoard(board: 'qualified' | 'current') {
  const readsOf = (source: string) =>
    readMetric(pipeline.queryApi ?? { url: '' }, 'streaks_query_board_reads_total', { source });
  const before = (await readsOf('redis')) ?? 0;
  const { data } = await client.query.GET('/leaderboard', { params: { query: { ruleId: 'activity', board } } });
  const source = ((await readsOf('redis')) ?? 0) > before ? 'redis' : 'postgres';
  return { source, ids: data?.items.map(({ userId }) => userId).join(' ') };
}

async function untilBoardsAre(expected: { readonly qualified: string; readonly current: string }): Promise<void> {
  const read = async () => ({ qualified: await readBoard('qualified'), current: await readBoard('current') });
  await waitFor(
    async () => {
      const { qualified, current } = await read();
      return qualified.ids === expected.qualified && current.ids === expected.current && qualified.source === 'redis';
    },
    { description: `the boards to be ${JSON.stringify(expected)}`, timeoutMs: 20_000, intervalMs: 100 },
  );
}

/** The boards in Postgres are a second behind, those of a busy installation more. */
async function untilPlacesFollowed(): Promise<void> {
  await waitFor(
    async () => {
      const { rows } = await pipeline.pool.query(
        'SELECT FROM outbox_shard o LEFT JOIN board_marks m USING (shard) WHERE coalesce(m.ranked_seq, 0) < o.out_seq',
      );
      return rows.length === 0;
    },
    { description: 'the places to follow the history', timeoutMs: 20_000, intervalMs: 100 },
  );
}

describe('leaderboards', () => {
  it('follow check-ins, wishes not to be listed and erasures, a moment later', async () => {
    for (const [userId, days] of Object.entries({ ada: [1, 0], bob: [5, 4, 3], cyd: [0], dee: [1, 0], eve: [0] })) {
      for (const daysAgo of days) await checkIn(userId, daysAgo);
    }
    await untilBoardsAre({ qualified: 'bob ada dee cyd eve', current: 'ada dee cyd eve' });
    await client.ingest.PUT('/users/{userId}/settings', {
      params: { path: { userId: 'dee' } },
      body: { leaderboardOptOut: true },
    });
    await client.ingest.DELETE('/users/{userId}', { params: { path: { userId: 'cyd' } } });
    await untilBoardsAre({ qualified: 'bob ada eve', current: 'ada eve' });
    await checkIn('eve', 1);
    await checkIn('eve', 2);
    await untilBoardsAre({ qualified: 'bob eve ada', current: 'eve ada' });
  }, 90_000);

  it('tell a rank with its neighbours, and the board of the snake_case routes', async () => {
    const { data } = await client.query.GET('/leaderboard', {
      params: { query: { ruleId: 'activity', around: 'eve', limit: 2 } },
    });
    expect(data).toMatchObject({
      total: 3,
      items: [
        { rank: 2, userId: 'eve', qualifiedDaysCount: 3, longestStreak: 3, currentStreak: 3, percentile: 50 },
        { rank: 3, userId: 'ada', percentile: 0 },
      ],
    });
    const current = await client.query.GET('/api/streak/leaderboard', { params: { query: { limit: 1 } } });
    expect(current.data).toEqual({
      total: 2,
      leaderboard: [{ rank: 1, user_id: 'eve', current_streak: 3, longest_streak: 3 }],
    });
  });

  it('are the same from Postgres after a flush of Redis, and from Redis again once it is filled', async () => {
    const before = [(await readBoard('qualified')).ids, (await readBoard('current')).ids];
    await untilPlacesFollowed();
    const { redis, redisKeyPrefix } = pipeline;
    // At once, as a flush is: in parts, a refill could begin in between and lose what it had filled.
    await redis.unlink(...(await redis.keys(`${redisKeyPrefix}*`)));
    for (let look = 0; look < 20; look += 1) {
      expect([(await readBoard('qualified')).ids, (await readBoard('current')).ids]).toEqual(before);
    }
    await untilBoardsAre({ qualified: 'bob eve ada', current: 'eve ada' });
  }, 60_000);

  it('are brought up to date by another processor when the one that kept them is killed', async () => {
    const [first] = pipeline.processors;
    await pipeline.addProcessor();
    await first?.kill('SIGKILL');
    await checkIn('fay', 0);
    await untilBoardsAre({ qualified: 'bob eve ada fay', current: 'eve ada fay' });
  }, 90_000);
});
