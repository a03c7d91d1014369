import { type StreakState, summarise } from '@streaks/shared/domain/streak-state';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';

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

/**
 * Users in the order of the board of qualified days: qualified days and longest streak descending, then the earlier change,
 * then the id by its bytes. No two have the same rank.
 */
export function rankUsers(users: readonly UserState[]): readonly RankedUser[] {
  return users
    .map((user) => {
      const { qualifiedDaysCount, longest } = summarise(user.state);
      return { ...user, qualifiedDaysCount, longestStreak: longest };
    })
    .sort(
      (one, other) =>
        other.qualifiedDaysCount - one.qualifiedDaysCount ||
        other.longestStreak - one.longestStreak ||
        one.state.updatedAtMs - other.state.updatedAtMs ||
        compareUtf8(one.userId, other.userId),
    )
    .map((user, index) => ({ rank: index + 1, ...user }));
}
