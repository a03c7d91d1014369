import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { FriendshipEvent } from '@streaks/shared/contracts/friendship-event-codec';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../engines/decode-records';
import { lockBuckets, readMarkedBuckets } from '../projections/streaks/buckets/lock-buckets';
import { readSpecials } from '../projections/streaks/specials/read-specials';
import { addFriendshipChange, type Friendship } from './friendship-register';
import {
  insertMissing,
  keyOf,
  lockFriendships,
  type Pair,
  type StoredPair,
  writeFriendships,
} from './sql/friendship-rows';

type FriendshipRecord = DecodedRecord<FriendshipEvent>;

/** What became of the records of a transaction, by number. */
export interface FriendshipsOutcome {
  /** Of pairs that the transaction changed. */
  readonly applied: number;
  /** Repeats, and what a later change had overruled already. */
  readonly unchanged: number;
  /** Recorded before one of the two was erased: as if it had never been. */
  readonly erased: number;
  readonly keyMismatches: number;
}

/**
 * Adds changes of friendships to the registers of their pairs. The users' buckets are held shared, so that an erasure of one of
 * the two comes before or after; rows are taken in the order of the bytes of their key. Of the pairs, those that are new come
 * first, and whoever was slower at one of them finds it by a *separate* statement: one that waited still looks at the data
 * from before. To the tables of a rebuild (`isShadow`) nobody else writes, and no bucket is locked.
 */
export async function applyFriendships(
  client: ClientBase,
  records: readonly FriendshipRecord[],
  { isShadow = false }: { readonly isShadow?: boolean } = {},
): Promise<FriendshipsOutcome> {
  const users = [...new Set(records.flatMap(({ event }) => [event.userId, event.friendId]))].sort(compareUtf8);
  const markedBuckets = isShadow
    ? await readMarkedBuckets(client)
    : await lockBuckets(client, { shared: users, exclusive: [] });
  const specials = await readSpecials(client, users, markedBuckets);
  const isErased = ({ source, event }: FriendshipRecord) =>
    [event.userId, event.friendId].some((id) => recordTimeOf(source) <= (specials.get(id)?.erasedAtMs ?? -1));
  const counting = records.filter((record) => !isErased(record));
  const pairs = gatherPairs(counting);
  const changed = await storePairs(client, pairs);
  const applied = counting.filter(({ event }) => changed.has(keyOf(pairOf(event)))).length;
  return {
    applied,
    unchanged: counting.length - applied,
    erased: records.length - counting.length,
    keyMismatches: records.filter(({ event }) => event.keyMismatch).length,
  };
}

const pairOf = ({ userId, friendId }: FriendshipEvent): Pair =>
  compareUtf8(userId, friendId) < 0 ? { first: userId, second: friendId } : { first: friendId, second: userId };

/** What the records alone make of each pair, in the order of locks. */
function gatherPairs(records: readonly FriendshipRecord[]): readonly StoredPair[] {
  const pairs = new Map<string, StoredPair>();
  for (const { source, event } of records) {
    const pair = pairOf(event);
    const known: Friendship = pairs.get(keyOf(pair))?.friendship ?? [];
    const change = { isFriend: event.isFriend, changedAtMs: event.changedAtMs, recordTimeMs: recordTimeOf(source) };
    pairs.set(keyOf(pair), { ...pair, friendship: addFriendshipChange(known, change) });
  }
  return [...pairs.values()].sort(
    (one, other) => compareUtf8(one.first, other.first) || compareUtf8(one.second, other.second),
  );
}

/** Returns the keys of the pairs that are not as they were. */
async function storePairs(client: ClientBase, pairs: readonly StoredPair[]): Promise<ReadonlySet<string>> {
  const changed = new Set(pairs.map(keyOf));
  if (pairs.length === 0) return changed;
  const known = (await insertMissing(client, pairs)).map((place) => pairs[place] as StoredPair);
  if (known.length === 0) return changed;
  const stored = await lockFriendships(client, known);
  const writes: StoredPair[] = [];
  for (const [place, pair] of known.entries()) {
    const before = stored[place] ?? [];
    const friendship = pair.friendship.reduce(addFriendshipChange, before);
    if (friendship === before) changed.delete(keyOf(pair));
    else writes.push({ ...pair, friendship });
  }
  if (writes.length > 0) await writeFriendships(client, writes);
  return changed;
}
