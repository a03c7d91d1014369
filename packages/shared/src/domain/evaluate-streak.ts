import type { LocalDay } from './local-day';
import { cutAfter, hasDay, lastDayOf, lastRun } from './runs';
import { type StreakState, summarise } from './streak-state';
import type { Zone } from './zone';

/** A user's streak as of a day. `longestStreak` ≥ `currentStreak` always. */
export interface StreakFigures {
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly lastQualifiedDate: LocalDay | null;
  readonly qualifiedDaysCount: number;
}

export interface EvaluationOptions {
  /**
   * True when an instant was asked about: dates after its date are left out of all four figures, and that date counts
   * whole. False for "now", where a traveller's last day may be tomorrow.
   */
  readonly cutAfterToday: boolean;
}

type StreakDays = Pick<StreakState, 'runs'>;

/**
 * The current streak is the length of the run that ends yesterday or later, else 0: today may still be earned, and a
 * westward traveller's last day may be tomorrow. `today` is a date in the zone asked for.
 */
export function evaluateStreak(
  state: StreakDays,
  today: LocalDay,
  { cutAfterToday }: EvaluationOptions,
): StreakFigures {
  const runs = cutAfterToday ? cutAfter(state.runs, today) : state.runs;
  const { currentRunLength, longest, lastQualifiedDate, qualifiedDaysCount } = summarise({ runs });
  const isAlive = lastQualifiedDate !== null && lastQualifiedDate >= today - 1;
  return {
    currentStreak: isAlive ? currentRunLength : 0,
    longestStreak: longest,
    lastQualifiedDate,
    qualifiedDaysCount,
  };
}

/** Whole days from the last qualified day to today, 0 where that day is today or (for a traveller) later; else null. */
export function daysSinceActivity({ runs }: StreakDays, today: LocalDay): number | null {
  const latest = lastRun(runs);
  return latest === undefined ? null : Math.max(0, today - lastDayOf(latest));
}

/** Whether today is a qualified day. */
export function isActiveToday({ runs }: StreakDays, today: LocalDay): boolean {
  return hasDay(runs, today);
}

/**
 * The epoch milliseconds at which the latest run stops being the current streak if nothing is added: the start, in the
 * zone, of the second day after its last. In the past where that has happened; null without qualified days. Exactly
 * where `evaluateStreak` turns to 0, also where one of those days never existed.
 */
export function expiresAt({ runs }: StreakDays, zone: Zone): number | null {
  const latest = lastRun(runs);
  return latest === undefined ? null : zone.startOfDay((lastDayOf(latest) + 2) as LocalDay);
}
