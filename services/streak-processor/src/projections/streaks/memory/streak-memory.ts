import type { LockedStreak } from '../sql/streak-row-text';

/**
 * Streak rows as this connection's last commits left them, so that they need not be read and locked again. Never an
 * authority: a write names place, user and version of the row it replaces, and where one differs nothing is committed.
 */
export interface StreakMemory {
  recall(userId: string): LockedStreak | undefined;
  /** At the start of each batch. */
  beginBatch(): void;
  /** Only what has been committed. */
  remember(userId: string, streak: LockedStreak): void;
  /**
   * Somebody else changed these rows: they are locked before they are folded for some hundred batches. Another owner goes on to
   * change them, and then one batch in as many is repeated; a correction of another connection does so once.
   */
  contest(userIds: Iterable<string>): void;
  isContested(userId: string): boolean;
}

/** A row is contested for at least as many batches, and at most for twice as many. */
const CONTESTED_BATCHES = 256;

/** Holds between half and all of `capacity` rows, those used last. */
export function createStreakMemory(capacity: number): StreakMemory {
  const half = Math.max(1, Math.floor(capacity / 2));
  let recent = new Map<string, LockedStreak>();
  let older = new Map<string, LockedStreak>();
  let contested = new Set<string>();
  let contestedBefore = new Set<string>();
  let batches = 0;

  const put = (userId: string, streak: LockedStreak) => {
    if (recent.size >= half && !recent.has(userId)) {
      older = recent;
      recent = new Map();
    }
    recent.set(userId, streak);
  };

  const isContested = (userId: string) =>
    (contested.size > 0 && contested.has(userId)) || (contestedBefore.size > 0 && contestedBefore.has(userId));

  return {
    beginBatch() {
      batches += 1;
      if (batches < CONTESTED_BATCHES) return;
      batches = 0;
      contestedBefore = contested;
      contested = new Set();
    },
    recall(userId) {
      const known = recent.get(userId);
      if (known !== undefined) return known;
      const old = older.get(userId);
      if (old !== undefined) put(userId, old);
      return old;
    },
    remember(userId, streak) {
      if (!isContested(userId)) put(userId, streak);
    },
    contest(userIds) {
      if (contested.size > half) contested.clear();
      for (const userId of userIds) {
        contested.add(userId);
        recent.delete(userId);
        older.delete(userId);
      }
    },
    isContested,
  };
}
