import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import type { ClientBase, QueryResult } from 'pg';

/** Groups of users, each behind one advisory lock of the transaction. Fixed: all processes must agree on it. */
export const USER_BUCKETS = 64;

/** First key of the advisory locks; the second one is the bucket. */
const LOCK_CLASS = 7318;

const MARKED = 'SELECT bucket FROM special_buckets';

/** Ids of users, in any order and repeated as they may be. */
export interface BucketUsers {
  /** Whose totals and streaks grow: they share their buckets and never wait for each other. */
  readonly shared: Iterable<string>;
  /** Who is corrected: the transaction works alone on their buckets. */
  readonly exclusive: Iterable<string>;
}

export const bucketOf = (userId: string): number => partitionForKey(userId, USER_BUCKETS);

/**
 * Locks the users' buckets until the transaction ends, ascending, before it touches any row of theirs. Returns the buckets that have
 * special users, whether at hand or not.
 *
 * Two statements in one round trip: one that waited for a lock would still look at the data from before, and miss whom the
 * holder of the lock made special.
 */
export async function lockBuckets(
  client: ClientBase,
  { shared, exclusive }: BucketUsers,
): Promise<ReadonlySet<number>> {
  const alone = new Set<number>();
  for (const userId of exclusive) alone.add(bucketOf(userId));
  const buckets = new Set(alone);
  for (const userId of shared) {
    // A few hundred users have all buckets.
    if (buckets.size === USER_BUCKETS) break;
    buckets.add(bucketOf(userId));
  }
  if (buckets.size === 0) return buckets;
  const locks = [...buckets]
    .sort((one, other) => one - other)
    .map((bucket) => `pg_advisory_xact_lock${alone.has(bucket) ? '' : '_shared'}(${LOCK_CLASS}, ${bucket})`);
  // pg answers several statements with several results, which its types leave out.
  const results = (await client.query<{ bucket: number }>(
    `SELECT ${locks.join(', ')}; ${MARKED}`,
  )) as unknown as readonly [QueryResult, QueryResult<{ bucket: number }>];
  return new Set(results[1].rows.map(({ bucket }) => bucket));
}

/** The same answer without a lock, where nobody else writes the users' tables. */
export async function readMarkedBuckets(client: ClientBase): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ bucket: number }>(MARKED);
  return new Set(rows.map(({ bucket }) => bucket));
}
