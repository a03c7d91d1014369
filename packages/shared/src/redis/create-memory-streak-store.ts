import { ALL_BUCKETS, bucketOf } from './streak-keys';
import type { StreakLookup, StreakStore, StreakWrite } from './streak-store';
import { decodeStreakValue, encodeStreakValue } from './streak-value';

type Versioned = { readonly generation: bigint; readonly version: number };

export interface MemoryStreakStore extends StreakStore {
  /** As FLUSHALL. */
  empty(): void;
  /** As a server that comes back from a snapshot which holds all it has now. */
  restart(): void;
}

/** The same store in the memory of this process, held to the same contract tests; for tests of what stands on it. */
export function createMemoryStreakStore(): MemoryStreakStore {
  const values = new Map<string, string>();
  const sentinels = new Map<number, bigint>();
  const filledOnRun = new Map<number, number>();
  const fills = new Map<number, string>();
  let run = 1;

  function lookUp(userId: string, ruleId: string): StreakLookup {
    const lookup = decodeStreakValue(values.get(keyOf(userId, ruleId)) ?? null);
    const filled = sentinels.get(bucketOf(userId)) ?? 0n;
    return lookup.kind !== 'miss' && lookup.generation < filled ? { kind: 'miss' } : lookup;
  }

  function stands(bucket: number, generation: bigint): boolean {
    return (sentinels.get(bucket) ?? -1n) >= generation && filledOnRun.get(bucket) === run;
  }

  function write(entry: StreakWrite): 'written' | 'stale' | 'same' {
    const key = keyOf(entry.userId, entry.ruleId);
    const value = encodeStreakValue(entry);
    const offered = versionOf(decodeStreakValue(value));
    const stored = versionOf(decodeStreakValue(values.get(key) ?? null));
    const order = compare(offered, stored);
    if (order < 0 || offered.generation < (sentinels.get(bucketOf(entry.userId)) ?? 0n)) {
      return 'stale';
    }
    if (order === 0) {
      return 'same';
    }
    values.set(key, value);
    return 'written';
  }

  return {
    async writeAll(writes) {
      const results = writes.map(write);
      return {
        written: results.filter((result) => result === 'written').length,
        stale: results.filter((result) => result === 'stale').length,
      };
    },
    async read(userId, ruleIds) {
      return {
        isFilled: sentinels.has(bucketOf(userId)),
        lookups: ruleIds.map((ruleId) => lookUp(userId, ruleId)),
      };
    },
    async readMany(userIds, ruleId) {
      return userIds.map((userId) => ({
        isFilled: sentinels.has(bucketOf(userId)),
        lookup: lookUp(userId, ruleId),
      }));
    },
    async missingBuckets(generation) {
      return ALL_BUCKETS.filter((bucket) => !stands(bucket, generation));
    },
    async beginFill(fillId) {
      for (const bucket of ALL_BUCKETS) {
        if (filledOnRun.get(bucket) !== run) {
          sentinels.delete(bucket);
        }
        fills.set(bucket, `${run}/${fillId}`);
      }
    },
    async markFilled(generation, fillId) {
      for (const bucket of ALL_BUCKETS) {
        const isNewer = (sentinels.get(bucket) ?? -1n) > generation;
        if (!stands(bucket, generation) && !isNewer && fills.get(bucket) === `${run}/${fillId}`) {
          sentinels.set(bucket, generation);
          filledOnRun.set(bucket, run);
          fills.delete(bucket);
        }
      }
      return ALL_BUCKETS.filter((bucket) => stands(bucket, generation)).length;
    },
    empty() {
      values.clear();
      sentinels.clear();
      filledOnRun.clear();
      fills.clear();
    },
    restart() {
      run += 1;
    },
  };
}

function keyOf(userId: string, ruleId: string): string {
  return `${ruleId}:${userId}`;
}

function versionOf(lookup: StreakLookup): Versioned {
  switch (lookup.kind) {
    case 'found':
      return { generation: lookup.generation, version: lookup.state.version };
    case 'deleted':
      return lookup;
    case 'miss':
      return { generation: -1n, version: -1 };
  }
}

function compare(one: Versioned, other: Versioned): number {
  return one.generation === other.generation ? one.version - other.version : one.generation < other.generation ? -1 : 1;
}
