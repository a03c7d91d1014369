import type { Redis } from 'ioredis';
import { RULE_IDS } from '../../domain/rules';
import { ALL_BUCKETS, markedKey, takenKey } from '../streaks/streak-keys';
import { boardKeys, leaseKey } from './board-keys';
import { TRIM_AT_ONCE } from './board-reader';
import { defineBoardScripts } from './board-scripts';

/** What whoever keeps the boards does besides catching up. */
export interface BoardUpkeep {
  /** Whether the boards are this owner's to keep, from now on for so long. Two owners for a moment do no harm. */
  lease(owner: string, leaseMs: number): Promise<boolean>;
  /**
   * Takes streaks that have broken off the current boards, so that the next reader finds little to do. Resolves to how many
   * were taken, at most 500 of each rule.
   */
  trim(nowMs: number): Promise<number>;
  /** Removes all boards and marks: for an installation that does not keep them any more. */
  removeAll(): Promise<void>;
}

export function createBoardUpkeep(redis: Redis, keyPrefix: string): BoardUpkeep {
  const scripts = defineBoardScripts(redis);
  return {
    async lease(owner, leaseMs) {
      return (await scripts.boardsLease(1, leaseKey(keyPrefix), owner, leaseMs)) === 1;
    },
    async trim(nowMs) {
      const counts = await Promise.all(
        RULE_IDS.map((ruleId) => {
          const { current, expiry, members } = boardKeys(keyPrefix, ruleId);
          return scripts.boardsTrim(3, current, expiry, members, nowMs, TRIM_AT_ONCE);
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async removeAll() {
      await Promise.all([
        ...RULE_IDS.map((ruleId) => redis.unlink(Object.values(boardKeys(keyPrefix, ruleId)))),
        ...ALL_BUCKETS.map((bucket) => redis.unlink(markedKey(keyPrefix, bucket), takenKey(keyPrefix, bucket))),
      ]);
    },
  };
}
