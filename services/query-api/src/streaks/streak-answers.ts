import { daysSinceActivity, evaluateStreak, expiresAt, isActiveToday } from '@streaks/shared/domain/evaluate-streak';
import { formatInstant } from '@streaks/shared/domain/instant';
import { type LocalDay, toIsoDate } from '@streaks/shared/domain/local-day';
import type { StreakState } from '@streaks/shared/domain/streak-state';
import { findZone, type Zone } from '@streaks/shared/domain/zone';
import type { StreakRule } from './rules';

/** When and where a streak is asked about. */
export interface Moment {
  /** An instant asked about, in epoch milliseconds; undefined for now. */
  readonly atMs: number | undefined;
  /** The zone asked for; undefined for the user's own. */
  readonly zone: Zone | undefined;
}

/** The body of `GET /users/{id}/streak`. */
export interface StreakAnswer {
  readonly userId: string;
  readonly currentStreak: number;
  readonly longestStreak: number;
  /** YYYY-MM-DD */
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
}

/** One element of `GET /users/{id}/streaks`. */
export interface RuleStreakAnswer extends Omit<StreakAnswer, 'userId'> {
  readonly ruleId: string;
  readonly isActiveToday: boolean;
  /** Null without a qualified day. */
  readonly daysSinceActivity: number | null;
  /** The instant at which the current streak breaks if nothing is added; null where there is none. */
  readonly expiresAt: string | null;
  /** The zone that "today" was taken in. */
  readonly timezone: string;
  /** Whole seconds of today so far; null while Postgres is away. */
  readonly secondsToday: number | null;
  /** Seconds still missing today, 0 once it qualifies; null while Postgres is away. */
  readonly secondsToTarget: number | null;
}

/**
 * The zone of "today": that asked for, else that of the event that ended last on the user's last qualified day. UTC only
 * where nothing is stored, so that no date can be wrong (or where the stored name is unknown to this process's older
 * tz database).
 */
export function zoneOf(state: StreakState, asked: Zone | undefined): Zone {
  return asked ?? (state.timezone === null ? undefined : findZone(state.timezone)) ?? utc;
}

/** Asked about an instant, dates after its date are cut; as of now nothing is, for a traveller's last day may be tomorrow. */
export function answerStreak(userId: string, state: StreakState, moment: Moment, nowMs: number): StreakAnswer {
  const today = zoneOf(state, moment.zone).dayOf(moment.atMs ?? nowMs);
  const figures = evaluateStreak(state, today, { cutAfterToday: moment.atMs !== undefined });
  return {
    userId,
    currentStreak: figures.currentStreak,
    longestStreak: figures.longestStreak,
    lastQualifiedDate: dateOrNull(figures.lastQualifiedDate),
    qualifiedDaysCount: figures.qualifiedDaysCount,
  };
}

export interface RuleStreakInput {
  readonly rule: StreakRule;
  readonly state: StreakState;
  readonly zone: Zone;
  readonly today: LocalDay;
  /** Undefined where it cannot be read. */
  readonly totalTodayMs: number | undefined;
}

export function answerRuleStreak({ rule, state, zone, today, totalTodayMs }: RuleStreakInput): RuleStreakAnswer {
  const figures = evaluateStreak(state, today, { cutAfterToday: false });
  const expiresAtMs = figures.currentStreak > 0 ? expiresAt(state, zone) : null;
  return {
    ruleId: rule.id,
    currentStreak: figures.currentStreak,
    longestStreak: figures.longestStreak,
    lastQualifiedDate: dateOrNull(figures.lastQualifiedDate),
    qualifiedDaysCount: figures.qualifiedDaysCount,
    isActiveToday: isActiveToday(state, today),
    daysSinceActivity: daysSinceActivity(state, today),
    expiresAt: expiresAtMs === null ? null : formatInstant(expiresAtMs),
    timezone: zone.name,
    secondsToday: totalTodayMs === undefined ? null : wholeSeconds(totalTodayMs),
    secondsToTarget: totalTodayMs === undefined ? null : secondsMissing(totalTodayMs, rule.targetMs),
  };
}

/** Cut, never rounded up: 29:59.9 must not read as 30 minutes. */
export function wholeSeconds(totalMs: number): number {
  return Math.floor(totalMs / 1000);
}

/** Rounded up, so that 0 says "qualified" and nothing else does. */
function secondsMissing(totalMs: number, targetMs: number): number {
  return Math.max(0, Math.ceil((targetMs - totalMs) / 1000));
}

function dateOrNull(day: LocalDay | null): string | null {
  return day === null ? null : toIsoDate(day);
}

const utc = findUtc();

function findUtc(): Zone {
  const zone = findZone('UTC');
  if (zone === undefined) {
    throw new Error('the tz database of this process has no UTC');
  }
  return zone;
}
