import { ALL_BUCKETS, bucketOf } from './streak-keys';
import type { StreakLookup, StreakStore, StreakWrite } from './streak-store';
import { decodeStreakValue, encodeStreakValue } from './streak-value';

type Versioned = { readonly generation: bigint; readonly version: number };

/** The same store in the memory of this process, held to the same contract tests; for tests of what stands on it. */
export function createMemoryStreakStore(): StreakStore & { empty(): void } {
  const values = new Map<string, string>();
  const sentinels = new Map<number, bigint>();
  const fills = new Map<number, string>();

  function lookUp(userId: string, ruleId: string): StreakLookup {
    const lookup = decodeStreakValue(values.get(keyOf(userId, ruleId)) ?? null);
    const filled = sentinels.get(bucketOf(userId)) ?? 0n;
    return lookup.kind !== 'miss' && lookup.generation < filled ? { kind: 'miss' } : lookup;
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
      return ALL_BUCKETS.filter((bucket) => (sentinels.get(bucket) ?? -1n) < generation);
    },
    async beginFill(fillId) {
      for (const bucket of ALL_BUCKETS) {
        fills.set(bucket, fillId);
      }
    },
    async markFilled(generation, fillId) {
      const toMark = ALL_BUCKETS.filter(
        (bucket) => (sentinels.get(bucket) ?? -1n) < generation && fills.get(bucket) === fillId,
      );
      for (const bucket of toMark) {
        sentinels.set(bucket, generation);
        fills.delete(bucket);
      }
      return ALL_BUCKETS.filter((bucket) => (sentinels.get(bucket) ?? -1n) >= generation).length;
    },
    /** As FLUSHALL. */
    empty() {
      values.clear();
      sentinels.clear();
      fills.clear();
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
