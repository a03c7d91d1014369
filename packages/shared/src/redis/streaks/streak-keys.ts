import { partitionForKey } from '../../kafka/partition-for-key';

/**
 * Users are spread over this many buckets. The bucket is the hash tag of every key of a user, so one script call, which
 * on a cluster may touch one slot only, serves all users of a bucket. Changing it orphans every key: raise the
 * generation (a rebuild) with it.
 */
export const BUCKETS = 32;

/** All buckets, 0 to 31. */
export const ALL_BUCKETS: readonly number[] = Object.freeze(Array.from({ length: BUCKETS }, (_, bucket) => bucket));

export function bucketOf(userId: string): number {
  return partitionForKey(userId, BUCKETS);
}

/** Where the state of a user under a rule lies. */
export function streakKey(keyPrefix: string, bucket: number, ruleId: string, userId: string): string {
  return markKey(keyPrefix, bucket, `${ruleId}:${userId}`);
}

/**
 * The sentinel of a bucket: the generation whose states are all there. Absent after Redis was emptied, so that a missing
 * key is told apart from a user without a state.
 */
export function sentinelKey(keyPrefix: string, bucket: number): string {
  return `${keyPrefix}{${bucket}}:generation`;
}

/** Names the refill under way. It vanishes with the rest when Redis is emptied meanwhile, and the refill then does not count. */
export function fillKey(keyPrefix: string, bucket: number): string {
  return `${keyPrefix}{${bucket}}:filling`;
}

/**
 * The run id of the server when the bucket was filled. A server that restarted from a snapshot, or a replica that took
 * over, has another one: its sentinel stands, but its values may be older than what it once confirmed.
 */
export function runKey(keyPrefix: string, bucket: number): string {
  return `${keyPrefix}{${bucket}}:run`;
}

/** The users of a bucket, each as `<ruleId>:<userId>`, whose boards are not known to be up to their states. */
export function markedKey(keyPrefix: string, bucket: number): string {
  return `${keyPrefix}{${bucket}}:marked`;
}

/** Those of them who are being brought up to date. */
export function takenKey(keyPrefix: string, bucket: number): string {
  return `${keyPrefix}{${bucket}}:marked-taken`;
}

/** Where the state of a user lies who is marked. */
export function markKey(keyPrefix: string, bucket: number, mark: string): string {
  return `${keyPrefix}{${bucket}}:streak:${mark}`;
}

/** The pub/sub channel on which one process that waits for outcomes (`Prefer: wait=N`) is told them. */
export function replyChannel(keyPrefix: string, processId: string): string {
  return `${keyPrefix}reply:${processId}`;
}
