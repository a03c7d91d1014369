import { LAST_INSTANT_MS } from '../calendar/instant';
import type { LocalDay } from '../calendar/local-day';
import type { Zone } from '../calendar/zone';
import { firstUnbridgedDay, walkChains } from './bridging';
import { cutAfter, hasDay, lastDayOf, lastRun } from './runs';
import { type StreakState, summarise } from './streak-state';

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

/** How a streak stands, judged by the days before today and by today. */
export type StreakStatus =
  /** Nothing was ever qualified. */
  | 'none'
  /** Today is qualified, or a later day is. */
  | 'safe'
  /** Alive, but today is still to be earned. */
  | 'at_risk'
  /** Alive, because missed days were bridged or because today is paused. */
  | 'frozen'
  | 'broken';

/** What bridges a streak as of a day; zeros where it is broken. */
export interface FreezeFigures {
  readonly status: StreakStatus;
  /** In the bank, after the days up to yesterday were paid for. */
  readonly freezesLeft: number;
  /** Days of the current streak up to yesterday that were missed: paused or paid for. */
  readonly daysBridged: number;
}

type StreakDays = Pick<StreakState, 'runs' | 'bridging'>;

/**
 * The current streak is the length of the latest chain if every day after it up to yesterday is bridged, else 0: today may
 * still be earned, and a westward traveller's last day may be tomorrow. `today` is a date in the zone asked for.
 */
export function evaluateStreak(
  state: StreakDays,
  today: LocalDay,
  { cutAfterToday }: EvaluationOptions,
): StreakFigures {
  const days = cutAfterToday ? cutDays(state, today) : state;
  const { currentRunLength, longest, lastQualifiedDate, qualifiedDaysCount } = summarise(days);
  return {
    currentStreak: isAlive(days, today) ? currentRunLength : 0,
    longestStreak: longest,
    lastQualifiedDate,
    qualifiedDaysCount,
  };
}

/** What bridges the streak that `evaluateStreak` finds without a cut. */
export function evaluateFreezes({ runs, bridging }: StreakDays, today: LocalDay): FreezeFigures {
  const latest = lastRun(runs);
  if (latest === undefined) {
    return { status: 'none', freezesLeft: 0, daysBridged: 0 };
  }
  const last = lastDayOf(latest);
  if (bridging === undefined) {
    const status = last >= today ? 'safe' : last === today - 1 ? 'at_risk' : 'broken';
    return { status, freezesLeft: 0, daysBridged: 0 };
  }
  const { chains, ledger } = walkChains(runs, bridging);
  if (ledger.bridge((last + 1) as LocalDay, (today - 1) as LocalDay) !== undefined) {
    return { status: 'broken', freezesLeft: 0, daysBridged: 0 };
  }
  const missedDays = Math.max(0, today - 1 - last);
  const isFrozen = missedDays > 0 || ledger.isPaused(today);
  return {
    status: last >= today ? 'safe' : isFrozen ? 'frozen' : 'at_risk',
    freezesLeft: ledger.freezesOn(today),
    daysBridged: (chains.at(-1)?.bridgedDays ?? 0) + missedDays,
  };
}

/** Whole days from the last qualified day to today, 0 where that day is today or (for a traveller) later; else null. */
export function daysSinceActivity({ runs }: Pick<StreakState, 'runs'>, today: LocalDay): number | null {
  const latest = lastRun(runs);
  return latest === undefined ? null : Math.max(0, today - lastDayOf(latest));
}

/** Whether today is a qualified day. */
export function isActiveToday({ runs }: Pick<StreakState, 'runs'>, today: LocalDay): boolean {
  return hasDay(runs, today);
}

/**
 * The epoch milliseconds at which the latest run or chain stops being the current streak if nothing is added: the start, in
 * the zone, of the day after the first one that nothing bridges (without bridging, of the second day after its last). In the
 * past where that has happened; null without qualified days. Exactly where `evaluateStreak` turns to 0, also where one of
 * those days never existed. No later than the last instant that can be written, at the end of 9999.
 */
export function expiresAt({ runs, bridging }: StreakDays, zone: Zone): number | null {
  const day = firstUnbridgedDay(runs, bridging);
  return day === undefined ? null : Math.min(zone.startOfDay((day + 1) as LocalDay), LAST_INSTANT_MS);
}

function isAlive({ runs, bridging }: StreakDays, today: LocalDay): boolean {
  const day = firstUnbridgedDay(runs, bridging);
  return day !== undefined && day >= today;
}

function cutDays(state: StreakDays, today: LocalDay): StreakDays {
  const runs = cutAfter(state.runs, today);
  return runs === state.runs ? state : { ...state, runs };
}
