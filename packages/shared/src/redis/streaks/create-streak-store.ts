import type { Redis } from 'ioredis';
import type { BoardWriter } from '../boards/board-writer';
import { createFillSentinels, isSentinel } from './fill-sentinels';
import { bucketOf, markedKey, markKey, sentinelKey, streakKey } from './streak-keys';
import { defineStreakScripts } from './streak-scripts';
import type { StreakLookup, StreakStore, StreakWrite, UserStreak, WriteCounts } from './streak-store';
import { decodeStreakValue, encodeStreakValue } from './streak-value';

/** One script call blocks Redis for all other clients: this many states take about 0.2 ms. */
const WRITES_PER_CALL = 200;
/** Calls sent before their replies are awaited: bounds what lies in the socket, and so the age of the oldest call. */
const CALLS_AT_ONCE = 32;
const NO_MARKS = '0';

export interface StreakStoreOptions {
  /** Expects no `keyPrefix` of its own; auto-pipelining makes the calls of one turn a single write. */
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** True on a Redis Cluster, where a command may touch the keys of one bucket only. */
  readonly isCluster?: boolean;
  /** Where boards are kept: users who are written are marked for them, and a refill fills them. */
  readonly boards?: BoardWriter | undefined;
}

type Call = { readonly keys: string[]; readonly values: string[] };

/** The streak read model on a Redis server or cluster node; see `StreakStore`. */
export function createStreakStore(options: StreakStoreOptions): StreakStore {
  const { redis, keyPrefix, isCluster = false, boards } = options;
  const scripts = defineStreakScripts(redis);

  async function writeStates(writes: readonly StreakWrite[], hasMarks: boolean): Promise<WriteCounts> {
    const calls = groupIntoCalls(keyPrefix, writes, hasMarks);
    let counts: WriteCounts = { written: 0, stale: 0 };
    for (let from = 0; from < calls.length; from += CALLS_AT_ONCE) {
      const replies = await Promise.all(
        calls
          .slice(from, from + CALLS_AT_ONCE)
          .map(({ keys, values }) => scripts.streaksWriteNewer(keys.length, ...keys, ...values)),
      );
      counts = replies.reduce(addReply, counts);
    }
    return counts;
  }

  return {
    writeAll: (writes) => writeStates(writes, boards !== undefined),

    async fillAll(writes) {
      const counts = await writeStates(writes, false);
      await boards?.write(writes);
      return counts;
    },

    async read(userId, ruleIds) {
      const bucket = bucketOf(userId);
      const [sentinel, ...values] = await redis.mget(
        sentinelKey(keyPrefix, bucket),
        ...ruleIds.map((ruleId) => streakKey(keyPrefix, bucket, ruleId, userId)),
      );
      return {
        isFilled: isSentinel(sentinel),
        lookups: values.map((value) => lookUp(value, sentinel)),
      };
    },

    async readMany(userIds, ruleId) {
      const places = userIds.map((userId, position) => ({ userId, position, bucket: bucketOf(userId) }));
      const answers: UserStreak[] = new Array(userIds.length);
      // Sentinels are read in the same command as the values they vouch for, or a flush in between would go unseen.
      const read = async (group: readonly UserPlace[]): Promise<void> => {
        const buckets = [...new Set(group.map(({ bucket }) => bucket))];
        const found = await redis.mget(
          ...buckets.map((bucket) => sentinelKey(keyPrefix, bucket)),
          ...group.map(({ bucket, userId }) => streakKey(keyPrefix, bucket, ruleId, userId)),
        );
        const sentinels = new Map(buckets.map((bucket, index) => [bucket, found[index]]));
        for (const [index, { bucket, position }] of group.entries()) {
          const sentinel = sentinels.get(bucket);
          const lookup = lookUp(found[buckets.length + index], sentinel);
          answers[position] = { isFilled: isSentinel(sentinel), lookup };
        }
      };
      if (places.length > 0) await Promise.all((isCluster ? byBucket(places) : [places]).map(read));
      return answers;
    },

    ...createFillSentinels(redis, keyPrefix, boards !== undefined),
  };
}

function groupIntoCalls(keyPrefix: string, writes: readonly StreakWrite[], hasMarks: boolean): readonly Call[] {
  const calls: Call[] = [];
  const openCalls = new Map<number, Call>();
  for (const write of writes) {
    const bucket = bucketOf(write.userId);
    let call = openCalls.get(bucket);
    if (call === undefined || call.values.length > WRITES_PER_CALL) {
      call = {
        keys: [sentinelKey(keyPrefix, bucket), markedKey(keyPrefix, bucket)],
        values: [hasMarks ? markStart(keyPrefix, bucket) : NO_MARKS],
      };
      openCalls.set(bucket, call);
      calls.push(call);
    }
    call.keys.push(streakKey(keyPrefix, bucket, write.ruleId, write.userId));
    call.values.push(encodeStreakValue(write));
  }
  return calls;
}

/** The byte, counted from 1, at which the mark of a user begins in the key of a state. */
function markStart(keyPrefix: string, bucket: number): string {
  return String(Buffer.byteLength(markKey(keyPrefix, bucket, '')) + 1);
}

function addReply(counts: WriteCounts, [written, stale]: readonly [number, number]): WriteCounts {
  return { written: counts.written + written, stale: counts.stale + stale };
}

/** A user asked for, and where the answer goes. */
type UserPlace = { readonly userId: string; readonly position: number; readonly bucket: number };

function byBucket(places: readonly UserPlace[]): readonly (readonly UserPlace[])[] {
  const groups = new Map<number, UserPlace[]>();
  for (const place of places) {
    const group = groups.get(place.bucket);
    if (group === undefined) {
      groups.set(place.bucket, [place]);
    } else {
      group.push(place);
    }
  }
  return [...groups.values()];
}

/** A value of a generation before the sentinel's was left over by a rebuild that no longer has this user. */
function lookUp(value: string | null | undefined, sentinel: string | null | undefined): StreakLookup {
  const lookup = decodeStreakValue(value ?? null);
  const isLeftOver = lookup.kind !== 'miss' && isSentinel(sentinel) && lookup.generation < BigInt(sentinel);
  return isLeftOver ? { kind: 'miss' } : lookup;
}
