/** What one record said of a pair of users. */
export interface FriendshipChange {
  readonly isFriend: boolean;
  readonly changedAtMs: number;
  /** Of the Kafka record, in epoch milliseconds: an erasure removes what was recorded up to it. */
  readonly recordTimeMs: number;
}

/**
 * The changes of a pair that count or would count again after an erasure: the first one counts, each further one is earlier
 * and was recorded later. Most pairs have one. The same for the same set of changes in whatever order they came.
 */
export type Friendship = readonly FriendshipChange[];

/** The pair with one more change; the same object where it tells nothing new. */
export function addFriendshipChange(pair: Friendship, change: FriendshipChange): Friendship {
  if (pair.some((kept) => replaces(kept, change))) return pair;
  return [...pair.filter((kept) => !replaces(change, kept)), change].sort((one, other) => compare(other, one));
}

/** The pair without what was recorded up to an instant; empty: as if the two had never been friends. */
export function withoutRecordedUpTo(pair: Friendship, recordTimeMs: number): Friendship {
  const kept = pair.filter((change) => change.recordTimeMs > recordTimeMs);
  return kept.length === pair.length ? pair : kept;
}

/** Which change is the later one (positive: the first): by the instant; of two of one instant the removal. */
const compare = (one: FriendshipChange, other: FriendshipChange): number =>
  one.changedAtMs - other.changedAtMs || Number(other.isFriend) - Number(one.isFriend);

/** Whether one change counts wherever the other one would: it is no earlier, and no erasure takes it and leaves the other. */
const replaces = (one: FriendshipChange, other: FriendshipChange): boolean =>
  one.recordTimeMs >= other.recordTimeMs && compare(one, other) >= 0;
