import type { LocalDay } from '../calendar/local-day';
import { type Chain, chainsOf } from './bridging';
import { addDay, countRunsUpTo, lastDayOf, sameRuns } from './runs';
import type { StreakState } from './streak-state';

/** Why a streak changed; the same names in storage, topics and answers. */
export type ChangeType =
  | 'FIRST_ACTIVITY'
  | 'STREAK_INCREMENT'
  | 'STREAK_MAINTAINED'
  | 'STREAK_RESET'
  | 'STREAK_RECOVERED'
  | 'STREAK_REVISED'
  /** All events of the user were erased: the state is empty. */
  | 'USER_ERASED';

type StreakDays = Pick<StreakState, 'runs' | 'bridging'>;

/**
 * What adding a qualified day does to the runs before it, or to the chains where there is bridging:
 * - FIRST_ACTIVITY: there was none;
 * - STREAK_MAINTAINED: the day was there already (an answer to a caller, never a stored change);
 * - STREAK_RECOVERED: it fills the one day between two runs and joins them, or it joins two chains, or it lies after the last
 *   day with a gap that is bridged;
 * - STREAK_INCREMENT: it lengthens the latest one, at its end or (late data) at its beginning or within;
 * - STREAK_RESET: it lies after the last day with a gap that nothing bridges, so a new one of 1 begins;
 * - STREAK_REVISED: a late day that touches older history only, or that breaks a chain (it earned a freeze sooner, when the
 *   bank was full).
 */
export function classifyAddedDay(before: StreakDays, day: LocalDay): ChangeType {
  const { runs, bridging } = before;
  const index = countRunsUpTo(runs, day);
  const earlier = runs[index - 1];
  const later = runs[index];
  if (earlier === undefined && later === undefined) {
    return 'FIRST_ACTIVITY';
  }
  if (earlier !== undefined && lastDayOf(earlier) >= day) {
    return 'STREAK_MAINTAINED';
  }
  const followsEarlier = earlier !== undefined && lastDayOf(earlier) === day - 1;
  const precedesLater = later !== undefined && later.first === day + 1;
  if (later === undefined && followsEarlier) {
    return 'STREAK_INCREMENT';
  }
  if (bridging !== undefined) {
    const after = chainsOf(addDay(runs, day), bridging);
    return classifyChains(chainsOf(runs, bridging), after, day, followsEarlier && precedesLater);
  }
  if (followsEarlier && precedesLater) {
    return 'STREAK_RECOVERED';
  }
  if (later === undefined) {
    return 'STREAK_RESET';
  }
  return precedesLater && index === runs.length - 1 ? 'STREAK_INCREMENT' : 'STREAK_REVISED';
}

/**
 * The type of a change without one added day (a retraction, a new target, zone, freeze rule or pause): STREAK_RECOVERED where
 * the same qualified days make fewer chains and none was broken, else STREAK_REVISED.
 */
export function classifyRecount(before: StreakState, after: StreakState): 'STREAK_RECOVERED' | 'STREAK_REVISED' {
  if (!sameRuns(before.runs, after.runs)) {
    return 'STREAK_REVISED';
  }
  const chainsBefore = chainsOf(before.runs, before.bridging);
  const chainsAfter = chainsOf(after.runs, after.bridging);
  const joins = chainsAfter.length < chainsBefore.length && !breaksChain(chainsBefore, chainsAfter);
  return joins ? 'STREAK_RECOVERED' : 'STREAK_REVISED';
}

/** A day that was added other than right after the last one. */
function classifyChains(
  before: readonly Chain[],
  after: readonly Chain[],
  day: LocalDay,
  joinsRuns: boolean,
): ChangeType {
  const [latestBefore, latestAfter] = [before.at(-1), after.at(-1)];
  if (latestBefore === undefined || latestAfter === undefined || breaksChain(before, after, day)) {
    return 'STREAK_REVISED';
  }
  if (day > latestBefore.last) {
    return latestAfter.first === day ? 'STREAK_RESET' : 'STREAK_RECOVERED';
  }
  if (joinsRuns || after.length < before.length) {
    return 'STREAK_RECOVERED';
  }
  return latestAfter.length === latestBefore.length + 1 ? 'STREAK_INCREMENT' : 'STREAK_REVISED';
}

/** Whether a chain begins, other than on the added day, where none began before. */
function breaksChain(before: readonly Chain[], after: readonly Chain[], addedDay?: LocalDay): boolean {
  const firsts = new Set(before.map(({ first }) => first));
  return after.some(({ first }) => first !== addedDay && !firsts.has(first));
}
