import type { LockedStreak } from '../sql/streak-row-text';

/**
 * Streak rows as this connection's last commits left them, so that they need not be read and locked again. Never an
 * authority: a write names place, user and version of the row it replaces, and where one differs nothing is committed.
 */
export interface StreakMemory {
  recall(userId: string): LockedStreak | undefined;
  /** Only what has been committed. */
  remember(userId: string, streak: LockedStreak): void;
  /** Somebody else changed one of these rows: they are locked before they are folded from now on, for as long as this is known. */
  contest(userIds: Iterable<string>): void;
  isContested(userId: string): boolean;
}

/** Holds between half and all of `capacity` rows, those used last. */
export function createStreakMemory(capacity: number): StreakMemory {
  const half = Math.max(1, Math.floor(capacity / 2));
  let recent = new Map<string, LockedStreak>();
  let older = new Map<string, LockedStreak>();
  const contested = new Set<string>();

  const put = (userId: string, streak: LockedStreak) => {
    if (recent.size >= half && !recent.has(userId)) {
      older = recent;
      recent = new Map();
    }
    recent.set(userId, streak);
  };

  return {
    recall(userId) {
      const known = recent.get(userId);
      if (known !== undefined) return known;
      const old = older.get(userId);
      if (old !== undefined) put(userId, old);
      return old;
    },
    remember(userId, streak) {
      if (!contested.has(userId)) put(userId, streak);
    },
    contest(userIds) {
      if (contested.size > half) contested.clear();
      for (const userId of userIds) {
        contested.add(userId);
        recent.delete(userId);
        older.delete(userId);
      }
    },
    isContested: (userId) => contested.size > 0 && contested.has(userId),
  };
}
