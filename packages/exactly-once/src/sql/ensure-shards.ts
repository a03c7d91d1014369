import type { Queryable } from './progress';

const FIRST_START_LOCK_KEY = 7_318_120_454;

/**
 * Makes the rows of the outbox shards on the first start. Their number is fixed for the life of an installation: another
 * one would give a user's later changes another shard, and with it lose their order.
 * @throws when the installation has another number of shards
 */
export async function ensureShards(store: Queryable, shardCount: number): Promise<void> {
  if (!Number.isSafeInteger(shardCount) || shardCount < 1) throw new RangeError(`${shardCount} is no number of shards`);
  // One round trip, several statements: each sees what was committed before the lock was got, so of two first starts
  // with different numbers only one makes the rows.
  await store.query(
    `BEGIN; SELECT pg_advisory_xact_lock(${FIRST_START_LOCK_KEY});
     INSERT INTO outbox_shard (shard) SELECT generate_series(0, ${shardCount} - 1) WHERE NOT EXISTS (SELECT FROM outbox_shard);
     COMMIT`,
  );
  const result = await store.query<{ shards: number }>('SELECT count(*)::int AS shards FROM outbox_shard');
  const found = result.rows[0]?.shards ?? 0;
  if (found !== shardCount) {
    throw new Error(`this installation has ${found} outbox shards and cannot be started with ${shardCount}`);
  }
}
