import type { Redis } from 'ioredis';
import { ALL_BUCKETS, bucketOf, fillKey, runKey, sentinelKey, streakKey } from './streak-keys';
import { defineStreakScripts } from './streak-scripts';
import type { StreakLookup, StreakStore, StreakWrite, UserStreak, WriteCounts } from './streak-store';
import { decodeStreakValue, encodeStreakValue } from './streak-value';

/** One script call blocks Redis for all other clients: this many states take about 0.2 ms. */
const WRITES_PER_CALL = 200;
/** Calls sent before their replies are awaited: bounds what lies in the socket, and so the age of the oldest call. */
const CALLS_AT_ONCE = 32;
const UNKNOWN_RUN = 'unknown';

export interface StreakStoreOptions {
  /** Expects no `keyPrefix` of its own; auto-pipelining makes the calls of one turn a single write. */
  readonly redis: Redis;
  readonly keyPrefix: string;
}

type Call = { readonly keys: string[]; readonly values: string[] };

/** The streak read model on a Redis server or cluster node; see `StreakStore`. */
export function createStreakStore({ redis, keyPrefix }: StreakStoreOptions): StreakStore {
  const scripts = defineStreakScripts(redis);

  return {
    async writeAll(writes) {
      const calls = groupIntoCalls(keyPrefix, writes);
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
      const answers: UserStreak[] = new Array(userIds.length);
      await Promise.all(
        [...positionsByBucket(userIds)].map(async ([bucket, positions]) => {
          const keys = positions.map((position) => streakKey(keyPrefix, bucket, ruleId, userIds[position] ?? ''));
          const [sentinel, ...values] = await redis.mget(sentinelKey(keyPrefix, bucket), ...keys);
          for (const [index, position] of positions.entries()) {
            answers[position] = { isFilled: isSentinel(sentinel), lookup: lookUp(values[index], sentinel) };
          }
        }),
      );
      return answers;
    },

    async missingBuckets(generation) {
      const [runId, marks] = await Promise.all([
        readRunId(redis),
        Promise.all(ALL_BUCKETS.map((bucket) => redis.mget(sentinelKey(keyPrefix, bucket), runKey(keyPrefix, bucket)))),
      ]);
      return ALL_BUCKETS.filter((bucket) => {
        const [sentinel, filledOnRun] = marks[bucket] ?? [];
        return !isSentinel(sentinel) || BigInt(sentinel) < generation || filledOnRun !== runId;
      });
    },

    async beginFill(fillId) {
      const runId = await readRunId(redis);
      await Promise.all(
        ALL_BUCKETS.map((bucket) =>
          scripts.streaksBeginFill(3, ...fillKeys(keyPrefix, bucket), fillName(fillId, runId), runId),
        ),
      );
    },

    async markFilled(generation, fillId) {
      const runId = await readRunId(redis);
      const name = fillName(fillId, runId);
      const stands = await Promise.all(
        ALL_BUCKETS.map((bucket) =>
          scripts.streaksMarkFilled(3, ...fillKeys(keyPrefix, bucket), name, runId, String(generation)),
        ),
      );
      return stands.reduce((sum, stand) => sum + stand, 0);
    },
  };
}

function fillKeys(keyPrefix: string, bucket: number): readonly [string, string, string] {
  return [sentinelKey(keyPrefix, bucket), fillKey(keyPrefix, bucket), runKey(keyPrefix, bucket)];
}

/** With the run in it: a restart in the middle may bring the name back from a snapshot, but not what was written since. */
function fillName(fillId: string, runId: string): string {
  return `${runId}/${fillId}`;
}

/** Which run of the server answers. One that keeps it to itself is taken for always the same. */
async function readRunId(redis: Redis): Promise<string> {
  try {
    return /^run_id:([0-9a-f]+)/m.exec(await redis.info('server'))?.[1] ?? UNKNOWN_RUN;
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) {
      return UNKNOWN_RUN;
    }
    throw error;
  }
}

function groupIntoCalls(keyPrefix: string, writes: readonly StreakWrite[]): readonly Call[] {
  const calls: Call[] = [];
  const openCalls = new Map<number, Call>();
  for (const write of writes) {
    const bucket = bucketOf(write.userId);
    let call = openCalls.get(bucket);
    if (call === undefined || call.values.length >= WRITES_PER_CALL) {
      call = { keys: [sentinelKey(keyPrefix, bucket)], values: [] };
      openCalls.set(bucket, call);
      calls.push(call);
    }
    call.keys.push(streakKey(keyPrefix, bucket, write.ruleId, write.userId));
    call.values.push(encodeStreakValue(write));
  }
  return calls;
}

function addReply(counts: WriteCounts, [written, stale]: readonly [number, number]): WriteCounts {
  return { written: counts.written + written, stale: counts.stale + stale };
}

function positionsByBucket(userIds: readonly string[]): ReadonlyMap<number, readonly number[]> {
  const positions = new Map<number, number[]>();
  for (const [position, userId] of userIds.entries()) {
    const bucket = bucketOf(userId);
    const known = positions.get(bucket);
    if (known === undefined) {
      positions.set(bucket, [position]);
    } else {
      known.push(position);
    }
  }
  return positions;
}

function isSentinel(value: string | null | undefined): value is string {
  return typeof value === 'string' && /^\d{1,16}$/.test(value);
}

/** A value of a generation before the sentinel's was left over by a rebuild that no longer has this user. */
function lookUp(value: string | null | undefined, sentinel: string | null | undefined): StreakLookup {
  const lookup = decodeStreakValue(value ?? null);
  const isLeftOver = lookup.kind !== 'miss' && isSentinel(sentinel) && lookup.generation < BigInt(sentinel);
  return isLeftOver ? { kind: 'miss' } : lookup;
}
