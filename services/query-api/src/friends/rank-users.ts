import { type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import { type BoardEntry, compareOnBoard } from '@streaks/shared/redis/boards/board-entry';

export interface UserState {
  readonly userId: string;
  readonly state: StreakState;
}

export interface RankedUser extends UserState {
  /** From 1. */
  readonly rank: number;
  readonly qualifiedDaysCount: number;
  readonly longestStreak: number;
}

/** Users in the order of the board of qualified days, those without a qualified day too. No two have the same rank. */
export function rankUsers(users: readonly UserState[]): readonly RankedUser[] {
  return users
    .map((user) => ({ ...user, entry: toEntry(user) }))
    .sort((one, other) => compareOnBoard('qualified', one.entry, other.entry))
    .map(({ userId, state, entry }, index) => ({
      rank: index + 1,
      userId,
      state,
      qualifiedDaysCount: entry.qualifiedDays,
      longestStreak: entry.longestStreak,
    }));
}

/** When the streak breaks decides no place on this board. */
function toEntry({ userId, state }: UserState): BoardEntry {
  const { qualifiedDaysCount, longest, currentRunLength } = summarise(state);
  return {
    userId,
    qualifiedDays: qualifiedDaysCount,
    longestStreak: longest,
    latestStreak: currentRunLength,
    updatedAtMs: state.updatedAtMs,
    expiresAtMs: 0,
  };
}
