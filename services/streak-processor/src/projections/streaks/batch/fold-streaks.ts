import type { ChangeType } from '@streaks/shared/domain/change-type';
import { classifyAddedDay } from '@streaks/shared/domain/change-type';
import type { LocalDay } from '@streaks/shared/domain/local-day';
import { addDay, lastDayOf, lastRun, type Runs } from '@streaks/shared/domain/runs';
import type { StreakState } from '@streaks/shared/domain/streak-state';
import type { DayTotals } from '../sql/add-day-totals';
import { crossingIndex, type DayDelta } from './day-deltas';

/** A day that reached its target in this batch. */
interface QualifiedDay {
  readonly day: LocalDay;
  /** Place in the batch of the session with which it did. */
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
  readonly qualified: QualifiedDay[];
  readonly rezoned: RezonedDay[];
}

/** One step from a stored state to the next. */
export interface StreakStep {
  readonly index: number;
  readonly changeType: ChangeType;
  readonly qualifiedDate: LocalDay | null;
  readonly before: StreakState;
  readonly after: StreakState;
}

/** The users whose streak the batch may change, in the order of the deltas (by the bytes of their id). */
export function findStreakNews(
  deltas: readonly DayDelta[],
  { totalsMs, zones }: DayTotals,
  targetMs: number,
): readonly StreakNews[] {
  const news: StreakNews[] = [];
  for (const [place, delta] of deltas.entries()) {
    const totalMs = totalsMs[place] as number;
    if (totalMs < targetMs) continue;
    const zone = zones.get(place);
    const timezone = zone?.timezone ?? delta.latest.timezone;
    // The returned total holds what other owners added; whether *we* took the day over its target is told without it.
    const totalBeforeMs = totalMs - delta.addedMs;
    const crossed = totalBeforeMs < targetMs;
    const rezoned = !crossed && zone?.before !== undefined && zone.before !== timezone;
    if (!crossed && !rezoned) continue;
    let last = news.at(-1);
    if (last === undefined || last.userId !== delta.userId) {
      last = { userId: delta.userId, qualified: [], rezoned: [] };
      news.push(last);
    }
    const { day } = delta;
    if (crossed) last.qualified.push({ day, index: crossingIndex(delta, totalBeforeMs, targetMs), timezone });
    else last.rezoned.push({ day, index: delta.latestIndex, timezone });
  }
  for (const { qualified } of news) {
    if (qualified.length > 1) qualified.sort((one, other) => one.index - other.index || one.day - other.day);
  }
  return news;
}

/** The steps from the locked state, in order; the last one's `after` is the new state. None where nothing changes. */
export function foldStreak(locked: StreakState, { qualified, rezoned }: StreakNews): readonly StreakStep[] {
  const steps: StreakStep[] = [];
  let state = locked;
  for (const { day, index, timezone } of qualified) {
    const runs = addDay(state.runs, day);
    // Another owner cannot have added it: whose delta crossed the target is told by the day's row, which is locked.
    if (runs === state.runs) continue;
    const after = {
      runs,
      timezone: lastQualifiedDay(runs) === day ? timezone : state.timezone,
      version: state.version + 1,
    };
    steps.push({
      index,
      changeType: classifyAddedDay(state.runs, day),
      qualifiedDate: day,
      before: state,
      after,
    });
    state = after;
  }
  const lastDay = lastQualifiedDay(state.runs);
  const rezonedLast = rezoned.find(({ day }) => day === lastDay);
  if (rezonedLast !== undefined && rezonedLast.timezone !== state.timezone) {
    const after = { runs: state.runs, timezone: rezonedLast.timezone, version: state.version + 1 };
    const index = Math.max(rezonedLast.index, steps.at(-1)?.index ?? 0);
    steps.push({ index, changeType: 'STREAK_REVISED', qualifiedDate: null, before: state, after });
  }
  return steps;
}

function lastQualifiedDay(runs: Runs): LocalDay | undefined {
  const last = lastRun(runs);
  return last === undefined ? undefined : lastDayOf(last);
}
