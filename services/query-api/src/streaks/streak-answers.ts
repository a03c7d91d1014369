import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { Zone } from '@streaks/shared/domain/calendar/zone';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import {
  daysSinceActivity,
  evaluateFreezes,
  evaluateStreak,
  expiresAt,
  isActiveToday,
  type StreakFigures,
} from '@streaks/shared/domain/streaks/evaluate-streak';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { z } from 'zod';
import { showMissing, showTotal } from './rules';
import type { apiStreakSchema, ruleStreakSchema, streakSchema } from './streak-documents';
import { zoneOf } from './zone-of';

/** When and where a streak is asked about. */
export interface Moment {
  /** An instant asked about, in epoch milliseconds; undefined for now. */
  readonly at?: number | undefined;
  /** The zone asked for; undefined for the user's own. */
  readonly timezone?: Zone | undefined;
}

/** The body of `GET /users/{id}/streak`. */
export type StreakAnswer = z.infer<typeof streakSchema>;

/** One element of `GET /users/{id}/streaks`. */
export type RuleStreakAnswer = z.infer<typeof ruleStreakSchema>;

/** Asked about an instant, dates after its date are cut; as of now nothing is, for a traveller's last day may be tomorrow. */
export function answerStreak(userId: string, state: StreakState, moment: Moment, nowMs: number): StreakAnswer {
  const today = zoneOf(state, moment.timezone).dayOf(moment.at ?? nowMs);
  return { userId, ...showFigures(evaluateStreak(state, today, { cutAfterToday: moment.at !== undefined })) };
}

export interface RuleStreakInput {
  readonly ruleId: RuleId;
  readonly state: StreakState;
  readonly zone: Zone;
  readonly today: LocalDay;
  /** The total of today and what today needs; undefined where they cannot be read. */
  readonly progress: { readonly total: number; readonly target: number } | undefined;
}

export function answerRuleStreak({ ruleId, state, zone, today, progress }: RuleStreakInput): RuleStreakAnswer {
  const figures = evaluateStreak(state, today, { cutAfterToday: false });
  const { status, freezesLeft, daysBridged } = evaluateFreezes(state, today);
  const expiresAtMs = figures.currentStreak > 0 ? expiresAt(state, zone) : null;
  const done = progress === undefined ? null : showTotal(ruleId, progress.total);
  const missing = progress === undefined ? null : showMissing(ruleId, progress.total, progress.target);
  const isFocus = ruleId === FOCUS_RULE;
  return {
    ruleId,
    ...showFigures(figures),
    status,
    freezesLeft,
    daysBridged,
    isActiveToday: isActiveToday(state, today),
    daysSinceActivity: daysSinceActivity(state, today),
    expiresAt: expiresAtMs === null ? null : formatInstant(expiresAtMs),
    timezone: zone.name,
    secondsToday: isFocus ? done : null,
    secondsToTarget: isFocus ? missing : null,
    checkInsToday: isFocus ? null : done,
    checkInsToTarget: isFocus ? null : missing,
  };
}

/** The body of `GET /api/streak/{userId}`. */
export function answerApiStreak(
  state: StreakState,
  asked: Zone | undefined,
  nowMs: number,
): z.infer<typeof apiStreakSchema> {
  const today = zoneOf(state, asked).dayOf(nowMs);
  const { currentStreak, longestStreak, lastQualifiedDate } = showFigures(
    evaluateStreak(state, today, { cutAfterToday: false }),
  );
  return { current_streak: currentStreak, longest_streak: longestStreak, last_active_date: lastQualifiedDate };
}

function showFigures({ currentStreak, longestStreak, lastQualifiedDate, qualifiedDaysCount }: StreakFigures) {
  return {
    currentStreak,
    longestStreak,
    lastQualifiedDate: lastQualifiedDate === null ? null : toIsoDate(lastQualifiedDate),
    qualifiedDaysCount,
  };
}
