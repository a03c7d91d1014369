import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { EventOutcome } from '../waiting/event-outcome';
import { streakAsOf } from '../waiting/streak-as-of';

/** Said of an update whose time zone is none that is known. */
export const UTC_NOTE = ' The time zone is not known, so the day was taken in UTC.';

/** What `POST /api/streak/update` answers once the processor has told. */
export type UpdatedStreak = {
  readonly success: boolean;
  readonly current_streak: number;
  readonly longest_streak: number;
  /** YYYY-MM-DD. */
  readonly last_active_date: string | null;
  readonly change_type: ChangeType | null;
  readonly message: string;
};

/** The streak as of `nowMs` and what the update did to it; `note` ends the message. */
export function describeUpdate(outcome: EventOutcome, note: string, nowMs: number): UpdatedStreak {
  const { currentStreak, longestStreak, lastQualifiedDate } = streakAsOf(outcome.state ?? emptyStreakState, nowMs);
  const isErased = outcome.outcome === 'erased';
  const changeType = outcome.changeType ?? null;
  return {
    success: !isErased,
    current_streak: currentStreak,
    longest_streak: longestStreak,
    last_active_date: lastQualifiedDate,
    change_type: changeType,
    message: `${isErased ? ERASED : messageOf(changeType, currentStreak)}${note}`,
  };
}

const ERASED = 'The user was erased after this update; it does not count.';

function messageOf(changeType: ChangeType | null, currentStreak: number): string {
  switch (changeType) {
    case 'FIRST_ACTIVITY':
      return 'A first streak begins.';
    case 'STREAK_INCREMENT':
      return `The streak is ${currentStreak} days long now.`;
    case 'STREAK_MAINTAINED':
      return 'The day counted already.';
    case 'STREAK_RESET':
      return 'Days were missed: a new streak begins.';
    case 'STREAK_RECOVERED':
      return `Missed days were bridged: the streak is ${currentStreak} days long now.`;
    case 'STREAK_REVISED':
    case 'USER_ERASED':
      return 'An earlier day was changed.';
    case null:
      return 'Recorded; the day does not count yet.';
  }
}
