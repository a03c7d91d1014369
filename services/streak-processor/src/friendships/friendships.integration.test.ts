import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { FriendshipEvent } from '@streaks/shared/contracts/friendship-event-codec';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import fc from 'fast-check';
import { Pool, type PoolClient } from 'pg';
import { bucketOf, lockBuckets } from '../projections/streaks/buckets/lock-buckets';
import { applyFriendships } from './apply-friendships';
import { eraseFriendships } from './erase-friendships';
import { addFriendshipChange, type Friendship, withoutRecordedUpTo } from './friendship-register';

const OWNERS = 3;
/** Bytes sort the last before the one with a character beyond U+FFFF; UTF-16 does not. */
const USERS = ['ada', 'bob', 'c\u{1f600}', 'c\u{fb01}', 'eve'];
const START_MS = Date.UTC(2026, 10, 21);

let database: TestDatabase;
let lanes: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  lanes = new Pool({ connectionString: database.url, max: OWNERS, options: laneConnectionOptions });
}, 60_000);
afterAll(async () => {
  await lanes.end();
  await database.drop();
});

interface Step {
  /** An erasure of the user, or else a change between the two. */
  readonly isErasure: boolean;
  readonly userId: string;
  readonly friendId: string;
  readonly isFriend: boolean;
  readonly changedAt: number;
  readonly recordTime: number;
}

const toRecord = ({ userId, friendId, isFriend, changedAt, recordTime }: Step): DecodedRecord<FriendshipEvent> => ({
  source: {
    topic: 'friendship-events',
    topicId: '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f',
    partition: 0,
    offset: 0n,
    timestampMs: START_MS + recordTime,
    key: null,
    value: null,
    headers: {},
  },
  event: {
    kind: 'friendship',
    userId,
    friendId,
    isFriend,
    changedAtMs: START_MS + changedAt,
    keyMismatch: false,
  },
});

/** As the engine does: a conflict rolls back and is repeated. Told of each. */
async function inTransaction(work: (client: PoolClient) => Promise<unknown>, onRepeat: (error: Error) => void) {
  const client = await lanes.connect();
  try {
    for (;;) {
      await client.query('BEGIN');
      try {
        await work(client);
        await client.query('COMMIT');
        return;
      } catch (error) {
        await client.query('ROLLBACK');
        if (!['40P01', '40001', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
        onRepeat(error as Error);
      }
    }
  } finally {
    client.release();
  }
}

/** What an erasure does to friendships, in the transaction of the user's other erasures. */
async function erase(client: PoolClient, { userId, recordTime }: Step): Promise<void> {
  const erasedAtMs = START_MS + recordTime;
  await lockBuckets(client, { shared: [], exclusive: [userId] });
  await client.query('INSERT INTO special_buckets VALUES ($1) ON CONFLICT DO NOTHING', [bucketOf(userId)]);
  const { rows } = await client.query<{ erased_ms: string }>(
    `INSERT INTO special_users (user_id, erased_at) VALUES ($1, $2)
     ON CONFLICT (user_id) DO UPDATE SET erased_at = GREATEST(special_users.erased_at, excluded.erased_at)
     RETURNING extract(epoch FROM erased_at) * 1000 AS erased_ms`,
    [userId, new Date(erasedAtMs)],
  );
  await eraseFriendships(client, [{ userId, erasedAtMs: Number(rows[0]?.erased_ms) }]);
}

const pairOf = ({ userId, friendId }: Step) => [userId, friendId].sort(compareUtf8).join(' ');

/** The pairs as the set of steps alone makes them. */
function expectedPairs(steps: readonly Step[]): Record<string, Friendship> {
  const erasedMs = new Map<string, number>();
  for (const { isErasure, userId, recordTime } of steps) {
    if (isErasure) erasedMs.set(userId, Math.max(erasedMs.get(userId) ?? 0, START_MS + recordTime));
  }
  const pairs = new Map<string, Friendship>();
  for (const step of steps.filter(({ isErasure }) => !isErasure)) {
    const { source, event } = toRecord(step);
    const change = {
      isFriend: event.isFriend,
      changedAtMs: event.changedAtMs,
      recordTimeMs: source.timestampMs,
    };
    pairs.set(pairOf(step), addFriendshipChange(pairs.get(pairOf(step)) ?? [], change));
  }
  const left = [...pairs].map(([pair, friendship]) => {
    const erased = Math.max(...pair.split(' ').map((userId) => erasedMs.get(userId) ?? 0));
    return [pair, withoutRecordedUpTo(friendship, erased)] as const;
  });
  return Object.fromEntries(left.filter(([, friendship]) => friendship.length > 0));
}

async function storedPairs(): Promise<Record<string, Friendship>> {
  const { rows } = await database.pool.query<{ pair: string; counting: Friendship[0]; overruled: Friendship | null }>(
    `SELECT user_a || ' ' || user_b AS pair, overruled,
            json_build_object('isFriend', is_friend, 'changedAtMs', extract(epoch FROM changed_at) * 1000,
                              'recordTimeMs', extract(epoch FROM record_time) * 1000) AS counting
     FROM friendships`,
  );
  return Object.fromEntries(
    rows.map(({ pair, counting, overruled }) => [pair, [counting, ...(overruled ?? [])]]),
  ) as Record<string, Friendship>;
}

const step = fc.record({
  isErasure: fc.boolean(),
  userId: fc.constantFrom(...USERS),
  friendId: fc.constantFrom(...USERS),
  isFriend: fc.boolean(),
  changedAt: fc.integer({ min: 0, max: 6 }),
  recordTime: fc.integer({ min: 1, max: 6 }),
});
/** More changes than erasures: an erasure leaves little to compare. */
const steps = fc
  .array(step, { minLength: 10, maxLength: 60 })
  .map((all) =>
    all
      .map((one, place) => ({ ...one, isErasure: one.isErasure && place % 5 === 0 }))
      .filter(({ userId, friendId, isErasure }) => isErasure || userId !== friendId),
  );

it('are what the set of records makes them, in whatever batches owners at once apply them, repeated or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.array(fc.nat({ max: OWNERS - 1 }), { minLength: 60, maxLength: 60 }),
      async (all, owners) => {
        await database.pool.query('TRUNCATE friendships, special_users, special_buckets');
        const repeats: Error[] = [];
        const work = async (owner: number) => {
          const mine = all.filter((_, place) => owners[place] === owner || place % 11 === 0); // some come to every owner
          for (let from = 0; from < mine.length; from += 4) {
            const batch = mine.slice(from, from + 4);
            const records = batch.filter(({ isErasure }) => !isErasure).map(toRecord);
            if (records.length > 0) {
              await inTransaction(
                (client) => applyFriendships(client, records),
                (error) => repeats.push(error),
              );
            }
            for (const one of batch.filter(({ isErasure }) => isErasure)) {
              await inTransaction(
                (client) => erase(client, one),
                (error) => repeats.push(error),
              );
            }
          }
        };
        await Promise.all(Array.from({ length: OWNERS }, (_, owner) => work(owner)));
        expect(await storedPairs()).toEqual(expectedPairs(all));
        expect(repeats).toEqual([]); // the order of locks leaves no deadlock, and no race of inserts
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

it('take locks in one order: the same pairs in opposite orders never deadlock', async () => {
  await database.pool.query('TRUNCATE friendships, special_users, special_buckets');
  const repeats: Error[] = [];
  for (let round = 0; round < 100; round += 1) {
    const batch = Array.from({ length: 60 }, (_, place) =>
      toRecord({
        isErasure: false,
        userId: `u${place}`,
        friendId: `v${place % 2 === 0 ? place : `${place}-${round}`}`, // half of them are there, half are new each time
        isFriend: true,
        changedAt: round,
        recordTime: round,
      }),
    );
    await Promise.all(
      [batch, [...batch].reverse()].map((records) =>
        inTransaction(
          (client) => applyFriendships(client, records),
          (error) => repeats.push(error),
        ),
      ),
    );
  }
  expect(repeats).toEqual([]);
}, 60_000);

it('are counted by what became of each record', async () => {
  await database.pool.query('TRUNCATE friendships, special_users, special_buckets');
  const add = { isErasure: false, userId: 'ada', friendId: 'bob', isFriend: true, changedAt: 3, recordTime: 5 };
  const apply = async (...all: Step[]) => {
    let outcome: Awaited<ReturnType<typeof applyFriendships>> | undefined;
    await inTransaction(
      async (client) => {
        outcome = await applyFriendships(client, all.map(toRecord));
      },
      () => undefined,
    );
    return outcome;
  };
  const counts = { applied: 0, unchanged: 0, erased: 0, keyMismatches: 0 };
  expect(await apply(add)).toEqual({ ...counts, applied: 1 });
  expect(await apply(add, { ...add, userId: 'bob', friendId: 'ada', changedAt: 2 })).toEqual({
    ...counts,
    unchanged: 2,
  });
  expect(await apply({ ...add, isFriend: false, recordTime: 6 })).toEqual({ ...counts, applied: 1 });
  expect(await storedPairs()).toMatchObject({ 'ada bob': [{ isFriend: false }] });
  await inTransaction(
    (client) => erase(client, { ...add, recordTime: 6 }),
    () => undefined,
  );
  expect(await storedPairs()).toEqual({});
  expect(await apply(add, { ...add, recordTime: 7 })).toEqual({ ...counts, applied: 1, erased: 1 });
});
