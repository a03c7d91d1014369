import type { LocalDay } from './local-day';
import { countRunsUpTo, lastDayOf, type Runs } from './runs';

/** Why a streak changed; the same names in storage, topics and answers. */
export type ChangeType =
  | 'FIRST_ACTIVITY'
  | 'STREAK_INCREMENT'
  | 'STREAK_MAINTAINED'
  | 'STREAK_RESET'
  | 'STREAK_RECOVERED'
  | 'STREAK_REVISED';

/**
 * What adding a qualified day does to the runs before it:
 * - FIRST_ACTIVITY: there was none;
 * - STREAK_MAINTAINED: the day was there already (an answer to a caller, never a stored change);
 * - STREAK_RECOVERED: it fills the one day between two runs and joins them;
 * - STREAK_INCREMENT: it lengthens the latest run, at its end or (late data) at its beginning;
 * - STREAK_RESET: it lies after the last day with a gap, so a new run of 1 begins;
 * - STREAK_REVISED: a late day that touches older history only. A removed day (a retraction) is always this.
 */
export function classifyAddedDay(before: Runs, day: LocalDay): ChangeType {
  const index = countRunsUpTo(before, day);
  const earlier = before[index - 1];
  const later = before[index];
  if (earlier === undefined && later === undefined) {
    return 'FIRST_ACTIVITY';
  }
  if (earlier !== undefined && lastDayOf(earlier) >= day) {
    return 'STREAK_MAINTAINED';
  }
  const followsEarlier = earlier !== undefined && lastDayOf(earlier) === day - 1;
  const precedesLater = later !== undefined && later.first === day + 1;
  if (followsEarlier && precedesLater) {
    return 'STREAK_RECOVERED';
  }
  if (later === undefined) {
    return followsEarlier ? 'STREAK_INCREMENT' : 'STREAK_RESET';
  }
  return precedesLater && index === before.length - 1 ? 'STREAK_INCREMENT' : 'STREAK_REVISED';
}
