import type { Queryable } from './progress';

/**
 * Makes the rows of the outbox shards on the first start. Their number is fixed for the life of an installation: another
 * one would give a user's later changes another shard, and with it lose their order.
 * @throws when the installation has another number of shards
 */
export async function ensureShards(store: Queryable, shardCount: number): Promise<void> {
  await store.query(
    `INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1)
     WHERE NOT EXISTS (SELECT FROM outbox_shard) ON CONFLICT (shard) DO NOTHING`,
    [shardCount],
  );
  const result = await store.query<{ shards: number }>('SELECT count(*)::int AS shards FROM outbox_shard');
  const found = result.rows[0]?.shards ?? 0;
  if (found !== shardCount) {
    throw new Error(`this installation has ${found} outbox shards and cannot be started with ${shardCount}`);
  }
}
