import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import { classifyAddedDay } from '@streaks/shared/domain/streaks/change-type';
import { addDay, lastDayOf, lastRun, type Runs } from '@streaks/shared/domain/streaks/runs';
import { type StreakState, type StreakSummary, summarise } from '@streaks/shared/domain/streaks/streak-state';
import type { DayTotals } from '../sql/add-day-totals';
import { crossingIndex, type DayDelta } from './day-deltas';

/** A day that reached its target in this batch. */
interface QualifiedDay {
  readonly day: LocalDay;
  /** Place in the batch of the event with which it did. */
  readonly index: number;
  readonly timezone: string;
}

/** A day that was qualified before and whose latest event now is one of another zone. */
interface RezonedDay {
  readonly day: LocalDay;
  readonly index: number;
  readonly timezone: string;
}

/** What a batch means for one user's streak. */
export interface StreakNews {
  readonly userId: string;
  /** In record order; those of one record by date. */
  readonly qualified: readonly QualifiedDay[];
  readonly rezoned: readonly RezonedDay[];
}

/** Most users have no day of the one or of the other kind. */
const NONE: readonly never[] = Object.freeze([]);

/** One step from a stored state to the next. */
export interface StreakStep {
  readonly index: number;
  readonly changeType: ChangeType;
  readonly qualifiedDate: LocalDay | null;
  readonly before: StreakState;
  readonly after: StreakState;
  readonly summaryBefore: StreakSummary;
  readonly summaryAfter: StreakSummary;
}

/** What a day needs, in the unit of the rule. */
export interface DayTargets {
  readonly usual: number;
  /** Of a user whose days may need something else; undefined for the others. */
  ofUser(userId: string): ((day: LocalDay) => number) | undefined;
}

/** The users whose streak the batch may change, in the order of the deltas (by the bytes of their id). */
export function findStreakNews(
  deltas: readonly DayDelta[],
  { totals, zones }: DayTotals,
  { usual, ofUser }: DayTargets,
): readonly StreakNews[] {
  const news: StreakNews[] = [];
  let userId: string | undefined;
  let targetOn: ((day: LocalDay) => number) | undefined;
  let qualified: QualifiedDay[] | undefined;
  let rezoned: RezonedDay[] | undefined;

  function endUser(): void {
    if (userId === undefined || (qualified === undefined && rezoned === undefined)) return;
    if (qualified !== undefined && qualified.length > 1) {
      qualified.sort((one, other) => one.index - other.index || one.day - other.day);
    }
    news.push({ userId, qualified: qualified ?? NONE, rezoned: rezoned ?? NONE });
    qualified = undefined;
    rezoned = undefined;
  }

  for (let place = 0; place < deltas.length; place += 1) {
    const delta = deltas[place] as DayDelta;
    const { day } = delta;
    if (delta.userId !== userId) {
      endUser();
      userId = delta.userId;
      targetOn = ofUser(userId);
    }
    const target = targetOn === undefined ? usual : targetOn(day);
    const total = totals[place] as number;
    if (total < target) continue;
    const zone = zones.get(place);
    const timezone = zone?.timezone ?? delta.latestTimezone;
    // The returned total holds what other owners added; whether *we* took the day over its target is told without it.
    const totalBefore = total - delta.added;
    const hasCrossed = totalBefore < target;
    if (!hasCrossed && (zone?.before === undefined || zone.before === timezone)) continue;
    if (hasCrossed) {
      qualified ??= [];
      qualified.push({ day, index: crossingIndex(delta, totalBefore, target), timezone });
    } else {
      rezoned ??= [];
      rezoned.push({ day, index: delta.latestIndex, timezone });
    }
  }
  endUser();
  return news;
}

/** What the fold must know beside the news. */
export interface FoldContext {
  /** Of the record at a place in the batch, in epoch milliseconds. */
  recordTimeMs(index: number): number;
  /** Whether the user says where they are: then no event tells it, and the state has it already. */
  hasOwnZone(userId: string): boolean;
}

/** The steps from the locked state, in order; the last one's `after` is the new state. None where nothing changes. */
export function foldStreak(
  locked: StreakState,
  { userId, qualified, rezoned }: StreakNews,
  { recordTimeMs, hasOwnZone }: FoldContext,
): readonly StreakStep[] {
  const keepsZone = hasOwnZone(userId);
  const steps: StreakStep[] = [];
  let state = locked;
  let summary = summarise(locked);
  const step = (
    index: number,
    changeType: ChangeType,
    qualifiedDate: LocalDay | null,
    runs: Runs,
    timezone: string | null,
  ): void => {
    const after = nextState(state, runs, timezone, recordTimeMs(index));
    const summaryAfter = runs === state.runs ? summary : summarise(after);
    steps.push({
      index,
      changeType,
      qualifiedDate,
      before: state,
      after,
      summaryBefore: summary,
      summaryAfter,
    });
    state = after;
    summary = summaryAfter;
  };
  for (const { day, index, timezone } of qualified) {
    const runs = addDay(state.runs, day);
    // Another owner cannot have added it: whose delta crossed the target is told by the day's row, which is locked.
    if (runs === state.runs) continue;
    const zone = lastQualifiedDay(runs) === day && !keepsZone ? timezone : state.timezone;
    step(index, classifyAddedDay(state, day), day, runs, zone);
  }
  if (rezoned.length === 0 || keepsZone) return steps;
  const lastDay = lastQualifiedDay(state.runs);
  const rezonedLast = rezoned.find(({ day }) => day === lastDay);
  if (rezonedLast !== undefined && rezonedLast.timezone !== state.timezone) {
    const index = Math.max(rezonedLast.index, steps.at(-1)?.index ?? 0);
    step(index, 'STREAK_REVISED', null, state.runs, rezonedLast.timezone);
  }
  return steps;
}

/** What settings put into a state stays. Most have none, and a copy of the whole costs more than its four fields. */
function nextState(state: StreakState, runs: Runs, timezone: string | null, updatedAtMs: number): StreakState {
  const version = state.version + 1;
  return state.bridging === undefined && state.isUnlisted === undefined
    ? { runs, timezone, version, updatedAtMs }
    : { ...state, runs, timezone, version, updatedAtMs };
}

function lastQualifiedDay(runs: Runs): LocalDay | undefined {
  const last = lastRun(runs);
  return last === undefined ? undefined : lastDayOf(last);
}
