import { createLogger } from '@streaks/shared/observability/create-logger';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { waitFor } from '@streaks/testing/wait-for';
import fc from 'fast-check';
import { type KeptPlaces, keepPlaces } from './keep-places';
import { comparePage, markCompared, rankShard, readGenerationToCompare, readShardsBehind } from './rank-places';

const SHARDS = 2;
const UPDATED = '2025-01-15T12:00:00.123456Z';
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
}, 150_000);
afterAll(() => database.drop(), 30_000);

beforeEach(async () => {
  await database.pool.query(
    `TRUNCATE user_streaks, streak_history, board_places, board_marks, outbox_shard; UPDATE projection_generation SET generation = 1`,
  );
  await database.pool.query('INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1)', [SHARDS]);
});

interface Streak {
  readonly userId: string;
  readonly ruleId?: string;
  readonly days: number;
  readonly isUnlisted?: boolean;
}

/** A change as a transaction of the processor leaves it: the state, a row of history, the shard's number. */
async function change({ userId, ruleId = 'focus', days, isUnlisted = false }: Streak, shard = 0): Promise<void> {
  await database.pool.query(
    `WITH numbered AS (UPDATE outbox_shard SET out_seq = out_seq + 1 WHERE shard = $1 RETURNING out_seq),
     stored AS (
       INSERT INTO user_streaks AS s (user_id, rule_id, qualified_days_count, longest_run_length, current_run_length, version, updated_at,
                                      expires_at, is_unlisted)
       VALUES ($2, $3, $4, $4, $4, 1, $6, CASE WHEN $4 > 0 THEN timestamptz '2025-01-17Z' END, $5)
       ON CONFLICT (user_id, rule_id) DO UPDATE SET qualified_days_count = $4, longest_run_length = $4, current_run_length = $4,
         version = s.version + 1, is_unlisted = $5
     )
     INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after, longest_before,
       longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset")
     SELECT $1, out_seq, $2, $3, 1, 'STREAK_REVISED', 0, 0, 0, 0, 0, 0, 1, gen_random_uuid(), 0, 0 FROM numbered`,
    [shard, userId, ruleId, days, isUnlisted, UPDATED],
  );
}

async function rankAll(pageRows = 100): Promise<void> {
  for (const shard of await readShardsBehind(database.pool)) {
    for (let hasMore = true; hasMore; ) ({ hasMore } = await rankShard(database.pool, shard, pageRows));
  }
}

/** `focus:ada 3`, in order. */
async function places(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ place: string }>(
    `SELECT rule_id || ':' || user_id || ' ' || qualified_days AS place FROM board_places ORDER BY 1`,
  );
  return rows.map(({ place }) => place);
}

describe('board_places', () => {
  it('follow changes, in milliseconds, and know who is behind', async () => {
    await change({ userId: 'ada', days: 2 });
    await change({ userId: 'ada', ruleId: 'activity', days: 1 });
    await change({ userId: 'bob', days: 5 }, 1);
    expect(await readShardsBehind(database.pool)).toEqual([0, 1]);
    await rankAll();
    expect(await readShardsBehind(database.pool)).toEqual([]);
    expect(await places()).toEqual(['activity:ada 1', 'focus:ada 2', 'focus:bob 5']);
    const { rows } = await database.pool.query(
      `SELECT longest_streak, latest_streak, to_json(updated_at) AS updated, to_json(expires_at) AS expires FROM board_places
       WHERE user_id = 'bob'`,
    );
    expect(rows.map(({ updated, expires, ...figures }) => [figures, Date.parse(updated), Date.parse(expires)])).toEqual(
      [[{ longest_streak: 5, latest_streak: 5 }, Date.parse('2025-01-15T12:00:00.123Z'), Date.parse('2025-01-17Z')]],
    );
  });

  it('leave out who is unlisted, has no day any more, or has no row, and take them again', async () => {
    const gone: readonly Streak[] = [
      { userId: 'ada', days: 2, isUnlisted: true },
      { userId: 'ada', days: 0 },
    ];
    for (const away of gone) {
      await change({ userId: 'ada', days: 2 });
      await change({ userId: 'bob', days: 1 });
      await rankAll();
      expect(await places()).toEqual(['focus:ada 2', 'focus:bob 1']);
      await change(away);
      await rankAll();
      expect(await places()).toEqual(['focus:bob 1']);
    }
    await change({ userId: 'bob', days: 4 });
    await database.pool.query(`DELETE FROM user_streaks WHERE user_id = 'bob'`);
    await rankAll();
    expect(await places()).toEqual([]);
  });

  it('pass over numbers that have no row of history: dead letters, and rows that an erasure took', async () => {
    await change({ userId: 'ada', days: 2 });
    await database.pool.query('UPDATE outbox_shard SET out_seq = out_seq + 5 WHERE shard = 0');
    await change({ userId: 'bob', days: 1 });
    await database.pool.query('UPDATE outbox_shard SET out_seq = out_seq + 5 WHERE shard = 0');
    await rankAll(1);
    expect(await readShardsBehind(database.pool)).toEqual([]);
    expect(await places()).toEqual(['focus:ada 2', 'focus:bob 1']);
  });

  it('are user_streaks, whatever changes in whatever order, page by page', async () => {
    const streak = fc.record({
      userId: fc.constantFrom('a', 'b', 'é', '\u{1f600}'),
      ruleId: fc.constantFrom('focus', 'activity'),
      days: fc.nat({ max: 3 }),
      isUnlisted: fc.boolean(),
      shard: fc.nat({ max: SHARDS - 1 }),
      isRanked: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(streak, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), async (steps, pageRows) => {
        for (const { shard, isRanked, ...one } of steps) {
          await change(one, shard);
          if (isRanked) await rankAll(pageRows);
        }
        await rankAll(pageRows);
        expect(await places()).toEqual(await expectedPlaces());
      }),
      { numRuns: 40, seed: 20_261_123 },
    );
  }, 60_000);

  it('are compared with all of user_streaks once after a rebuild', async () => {
    for (const userId of ['a', 'b', 'c', 'd', 'e']) await change({ userId, days: 2 });
    await rankAll();
    expect(await readGenerationToCompare(database.pool)).toBeUndefined();
    await database.pool.query(`
      DELETE FROM user_streaks WHERE user_id IN ('a', 'e');
      UPDATE user_streaks SET qualified_days_count = 1, longest_run_length = 1, current_run_length = 1 WHERE user_id = 'c';
      UPDATE projection_generation SET generation = 2`);
    expect(await readGenerationToCompare(database.pool)).toBe(2n);
    const lasts: (string | undefined)[] = [''];
    while (lasts.at(-1) !== undefined) lasts.push(await comparePage(database.pool, lasts.at(-1) ?? '', 2));
    expect(lasts).toEqual(['', 'c', undefined]);
    await markCompared(database.pool, 2n);
    expect(await places()).toEqual(['focus:b 2', 'focus:c 1', 'focus:d 2']);
    expect(await readGenerationToCompare(database.pool)).toBeUndefined();
  });
});

async function expectedPlaces(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ place: string }>(
    `SELECT rule_id || ':' || user_id || ' ' || qualified_days_count AS place FROM user_streaks
     WHERE NOT is_unlisted AND qualified_days_count > 0 ORDER BY 1`,
  );
  return rows.map(({ place }) => place);
}

describe('the keeper of board_places', () => {
  const kept: KeptPlaces[] = [];
  afterEach(async () => {
    for (const one of kept.splice(0)) await one.stop();
  });

  function start() {
    const counts = { placed: 0 };
    const keeper = keepPlaces({
      pool: database.pool,
      monotonicMs: () => performance.now(),
      logger: createLogger({ service: 'test', level: 'silent' }),
      onPlaced: (users) => {
        counts.placed += users;
      },
    });
    kept.push(keeper);
    return { counts, stop: () => keeper.stop() };
  }

  it('is one of all who would be, and another one when that stops', async () => {
    await change({ userId: 'ada', days: 1 });
    const first = start();
    await waitFor(async () => (await places()).length === 1, { description: 'the first place' });
    const second = start();
    await change({ userId: 'bob', days: 1 });
    await waitFor(async () => (await places()).length === 2, { description: 'the second place' });
    expect([first.counts.placed, second.counts.placed]).toEqual([2, 0]);
    await first.stop();
    await change({ userId: 'cyd', days: 1 });
    await waitFor(async () => (await places()).length === 3, { description: 'the third place', timeoutMs: 15_000 });
    expect(second.counts.placed).toBe(1);
  }, 30_000);

  it('compares all after a rebuild, and goes on after its connection was cut', async () => {
    await change({ userId: 'ada', days: 1 });
    start();
    await waitFor(async () => (await places()).length === 1, { description: 'the place' });
    await database.pool.query(`DELETE FROM user_streaks; UPDATE projection_generation SET generation = 2`);
    await waitFor(async () => (await places()).length === 0, { description: 'the place to go' });
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await change({ userId: 'bob', days: 1 });
    await waitFor(async () => (await places()).length === 1, { description: 'another keeper', timeoutMs: 15_000 });
  }, 40_000);
});
