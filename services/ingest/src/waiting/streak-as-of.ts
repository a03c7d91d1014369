import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import { evaluateStreak } from '@streaks/shared/domain/streaks/evaluate-streak';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';

/** The streak in an answer; dates as YYYY-MM-DD. */
export type StreakAnswer = {
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
};

/** The streak as of an instant, "today" in the zone of the user's last qualified day, as `GET /users/{id}/streak` gives it. */
export function streakAsOf(state: StreakState, nowMs: number): StreakAnswer {
  const zone = state.timezone === null ? undefined : findZone(state.timezone);
  // Without qualified days there is no zone, and no figure depends on today.
  const today = zone === undefined ? (0 as LocalDay) : zone.dayOf(nowMs);
  const figures = evaluateStreak(state, today, { cutAfterToday: false });
  const { lastQualifiedDate } = figures;
  return { ...figures, lastQualifiedDate: lastQualifiedDate === null ? null : toIsoDate(lastQualifiedDate) };
}
