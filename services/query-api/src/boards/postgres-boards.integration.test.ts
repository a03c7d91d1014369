import { randomUUID } from 'node:crypto';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { BOARD_NAMES, type BoardEntry, type BoardName, toBoardEntry } from '@streaks/shared/redis/boards/board-entry';
import { type BoardReader, createBoardReader } from '@streaks/shared/redis/boards/board-reader';
import { createBoardWriter } from '@streaks/shared/redis/boards/board-writer';
import {
  HOSTILE_IDS,
  NOON_MS,
  rankByHand,
  stateArbitrary,
  TODAY,
} from '@streaks/shared/redis/boards/testing/ranked-users';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import { refillStreakStore } from '@streaks/shared/redis/streaks/refill-streak-store';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { createStoreWorld, STORE_TIMEOUT_MS } from '../testing/store-world';
import { ANCHOR_SPACING } from './board-outline';
import { boardStatements } from './board-statements';
import { USABLE_MS } from './keep-outlines';
import { createPostgresBoards } from './postgres-boards';

const HOUR_MS = 3_600_000;
const keyPrefix = `test-${randomUUID()}:`;
const world = createStoreWorld({ nowMs: NOON_MS, keyPrefix });
let database: TestDatabase;
let reader: Pool;
let redis: Redis;

beforeAll(async () => {
  database = await createTestDatabase();
  reader = world.createReadModel(database.url).pool;
  redis = await world.connectRedis(stackAddresses().REDIS_URL);
}, 150_000);

afterAll(async () => {
  const keys = await redis.keys(`${keyPrefix}*`);
  if (keys.length > 0) await redis.del(...keys);
  await world.close();
  await database.drop();
}, 30_000);

const write = (userId: string, state: StreakState): StreakWrite => ({
  userId,
  ruleId: 'focus',
  generation: 1n,
  state,
});

/** Rows as the processor writes them. */
async function putInPostgres(writes: readonly StreakWrite[]): Promise<void> {
  await database.pool.query('TRUNCATE board_places');
  const rows = writes.flatMap(({ userId, state }) => {
    const entry = state === null ? undefined : toBoardEntry(userId, state);
    if (entry === undefined) return [];
    return [
      {
        user_id: userId,
        rule_id: 'focus',
        qualified_days: entry.qualifiedDays,
        longest_streak: entry.longestStreak,
        latest_streak: entry.latestStreak,
        updated_at: new Date(entry.updatedAtMs).toISOString(),
        expires_at: new Date(entry.expiresAtMs).toISOString(),
      },
    ];
  });
  await database.pool.query(
    'INSERT INTO board_places SELECT (jsonb_populate_record(NULL::board_places, row)).* FROM jsonb_array_elements($1::jsonb) AS row',
    [JSON.stringify(rows)],
  );
}

async function putInRedis(writes: readonly StreakWrite[]): Promise<void> {
  const keys = await redis.keys(`${keyPrefix}*`);
  if (keys.length > 0) await redis.del(...keys);
  const store = createStreakStore({ redis, keyPrefix, boards: createBoardWriter({ redis, keyPrefix }) });
  async function* pages() {
    yield writes;
  }
  await refillStreakStore({ store, pages: pages(), generation: 1n, fillId: 'fill' });
}

async function readPages(boards: BoardReader, board: BoardName, nowMs: number, limit: number) {
  const entries: BoardEntry[] = [];
  for (;;) {
    const page = await boards.page('focus', board, { offset: entries.length, limit }, nowMs);
    entries.push(...(page?.entries ?? []));
    if (page === undefined || page.entries.length < limit) return entries;
  }
}

/** Looks at the board anew for each answer. */
function openBoards(): BoardReader {
  let elapsedMs = 0;
  return createPostgresBoards({
    pool: reader,
    circuit: { run: (work) => work() },
    timeoutMs: STORE_TIMEOUT_MS,
    monotonicMs: () => {
      elapsedMs += USABLE_MS + 1;
      return elapsedMs;
    },
  });
}

const idsOf = (entries: readonly { readonly userId: string }[]) => entries.map(({ userId }) => userId);

describe('the boards in Postgres', () => {
  it('are those in Redis and a plain sort, for hostile figures and ids', async () => {
    const users = fc.uniqueArray(fc.record({ userId: fc.constantFrom(...HOSTILE_IDS), state: stateArbitrary }), {
      selector: ({ userId }) => userId,
    });
    const inRedis = createBoardReader({ redis, keyPrefix });
    await fc.assert(
      fc.asyncProperty(users, fc.integer({ min: 0, max: 40 }), async (states, hours) => {
        const writes = states.map(({ userId, state }) => write(userId, { ...state, version: 1 }));
        await putInPostgres(writes);
        await putInRedis(writes);
        const nowMs = NOON_MS + hours * HOUR_MS;
        for (const board of BOARD_NAMES) {
          const found = await readPages(openBoards(), board, nowMs, 3);
          expect(idsOf(found)).toEqual(idsOf(rankByHand(writes, board, nowMs)));
          expect(found).toEqual(await readPages(inRedis, board, nowMs, 5));
        }
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
  }, 120_000);

  describe('of some thousand users, many of them equal but for their ids', () => {
    const users = 4 * ANCHOR_SPACING + 7;
    const writes = Array.from({ length: users }, (_, index): StreakWrite => {
      const lengths = index % 3 === 0 ? [1, 2] : [1 + (index % 4 === 0 ? 1 : 0)];
      const lastDay = index % 5 === 0 ? TODAY - 3 : TODAY;
      const runs = lengths.map((length, place) => ({
        first: (lastDay - (place === lengths.length - 1 ? length - 1 : 9)) as LocalDay,
        length,
      }));
      const state = { runs, timezone: 'UTC', version: 1, updatedAtMs: NOON_MS + (index % 2) };
      return write(`${HOSTILE_IDS[index % 10]}${index}`, state);
    });

    beforeAll(async () => {
      await putInPostgres(writes);
      await database.pool.query('VACUUM ANALYZE board_places');
    });

    it.each(BOARD_NAMES)('pages and ranks on the board %s are right at every depth', async (board) => {
      const ranked = idsOf(rankByHand(writes, board, NOON_MS));
      const boards = openBoards();
      const depths = [0, 1, ANCHOR_SPACING - 1, ANCHOR_SPACING, ANCHOR_SPACING + 1, 3 * ANCHOR_SPACING - 1];
      for (const offset of [...depths, ranked.length - 3, ranked.length, ranked.length + 1, 10 * users]) {
        const page = await boards.page('focus', board, { offset, limit: 7 }, NOON_MS);
        expect(page).toMatchObject({ total: ranked.length, first: offset });
        expect(idsOf(page?.entries ?? [])).toEqual(ranked.slice(offset, offset + 7));
      }
      for (const place of [...depths, 3 * ANCHOR_SPACING, ranked.length - 1]) {
        const userId = ranked[place] ?? '';
        for (const limit of [1, 6, 100]) {
          const found = await boards.around('focus', board, { userId, limit }, NOON_MS);
          const first = Math.max(0, Math.min(place - Math.floor((limit - 1) / 2), ranked.length - limit));
          expect(found).toMatchObject({ total: ranked.length, first });
          expect(idsOf(found?.entries ?? [])).toEqual(ranked.slice(first, first + limit));
        }
      }
    });

    it('has no place for who is unknown, or whose streak broke', async () => {
      const boards = openBoards();
      const broken = writes[0]?.userId ?? '';
      const found = await boards.around('focus', 'current', { userId: broken, limit: 3 }, NOON_MS);
      expect(found).toMatchObject({ first: 0, entries: [] });
      expect((await boards.around('focus', 'qualified', { userId: 'nobody', limit: 3 }, NOON_MS))?.entries).toEqual([]);
      expect((await boards.page('activity', 'qualified', { offset: 0, limit: 3 }, NOON_MS))?.total).toBe(0);
    });

    it('is read off its index alone, in its order', async () => {
      for (const board of BOARD_NAMES) {
        const { fromStart, fromAnchor, anchors } = boardStatements[board];
        const first = await explain(fromStart, ['focus', NOON_MS, 0, 50]);
        expect(first).toMatch(new RegExp(`Index Only Scan using ${indexOf[board]}`));
        expect(first).not.toMatch(/Sort/);
        const outline = await explain(anchors, ['focus', NOON_MS, ANCHOR_SPACING]);
        expect(outline).toMatch(new RegExp(`Index (Only )?Scan using ${indexOf[board]}`));
        expect(outline).not.toMatch(/Sort/);
        const deep = await explain(fromAnchor, ['focus', NOON_MS, 400, 50, 2, 2, NOON_MS, 'a']);
        expect(deep.match(new RegExp(`Index Only Scan using ${indexOf[board]}`, 'g'))).toHaveLength(3);
      }
    });
  });
});

const indexOf = { qualified: 'board_places_by_qualified_days', current: 'board_places_by_current' } as const;

/** The plan that a prepared statement gets, on a table so small that reading it whole would be no mistake. */
async function explain(statement: string, values: readonly unknown[]): Promise<string> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statement}`, [...values]);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
