import { RULE_IDS } from '../../domain/rules';
import type { StreakState } from '../../domain/streaks/streak-state';
import type { BoardReader } from '../boards/board-reader';
import { createMemoryBoards } from '../boards/create-memory-boards';
import { ALL_BUCKETS, bucketOf } from './streak-keys';
import type { StreakLookup, StreakStore, StreakWrite, WriteCounts } from './streak-store';
import { decodeStreakValue, encodeStreakValue } from './streak-value';

type Versioned = { readonly generation: bigint; readonly version: number };

/** A bucket by its number, the boards of a rule by its name. */
type Part = number | string;

export interface MemoryStreakStore extends StreakStore {
  /** Up to the states at once: there is nobody to keep them. */
  readonly boards: BoardReader;
  /** As FLUSHALL. */
  empty(): void;
  /** As a server that comes back from a snapshot which holds all it has now. */
  restart(): void;
}

/** The same store in the memory of this process, held to the same contract tests; for tests of what stands on it. */
export function createMemoryStreakStore(): MemoryStreakStore {
  const values = new Map<string, string>();
  const sentinels = new Map<Part, bigint>();
  const filledOnRun = new Map<Part, number>();
  const fills = new Map<Part, string>();
  const parts: readonly Part[] = [...ALL_BUCKETS, ...RULE_IDS];
  let run = 1;

  function lookUp(userId: string, ruleId: string): StreakLookup {
    const lookup = decodeStreakValue(values.get(keyOf(userId, ruleId)) ?? null);
    const filled = sentinels.get(bucketOf(userId)) ?? 0n;
    return lookup.kind !== 'miss' && lookup.generation < filled ? { kind: 'miss' } : lookup;
  }

  function stands(part: Part, generation: bigint): boolean {
    return (sentinels.get(part) ?? -1n) >= generation && filledOnRun.get(part) === run;
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

  async function writeAll(writes: readonly StreakWrite[]): Promise<WriteCounts> {
    const results = writes.map(write);
    return {
      written: results.filter((result) => result === 'written').length,
      stale: results.filter((result) => result === 'stale').length,
    };
  }

  function* statesOf(ruleId: string): Iterable<readonly [userId: string, state: StreakState]> {
    for (const [key, value] of values) {
      const lookup = decodeStreakValue(value);
      const isLeftOver = lookup.kind === 'found' && lookup.generation < (sentinels.get(ruleId) ?? 0n);
      if (key.startsWith(`${ruleId}:`) && lookup.kind === 'found' && !isLeftOver) {
        yield [key.slice(ruleId.length + 1), lookup.state];
      }
    }
  }

  return {
    boards: createMemoryBoards({ isFilled: (ruleId) => sentinels.has(ruleId), statesOf }),
    writeAll,
    fillAll: writeAll,
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
    async missingBoards(generation) {
      return RULE_IDS.filter((ruleId) => !stands(ruleId, generation));
    },
    async beginFill(fillId) {
      for (const part of parts) {
        if (filledOnRun.get(part) !== run) {
          sentinels.delete(part);
        }
        fills.set(part, `${run}/${fillId}`);
      }
    },
    async markFilled(generation, fillId) {
      for (const part of parts) {
        const isNewer = (sentinels.get(part) ?? -1n) > generation;
        if (!stands(part, generation) && !isNewer && fills.get(part) === `${run}/${fillId}`) {
          sentinels.set(part, generation);
          filledOnRun.set(part, run);
          fills.delete(part);
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
