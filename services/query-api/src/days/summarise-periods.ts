import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { DailyTotal } from '../stores/read-model';
import { type Period, type PeriodKind, periodOf } from './periods';

/** What was done in a week or a month. */
export interface PeriodSummary {
  readonly period: Period;
  /** In the unit of the rule's totals. */
  readonly total: number;
  /** Days with a total. */
  readonly activeDays: number;
  readonly qualifiedDays: number;
  /** Qualified days in a row, as far as they lie inside. */
  readonly bestRun: number;
}

type IsQualified = (total: DailyTotal) => boolean;

/** The periods that have a total, newest first. `totals` are of one rule, ascending by day. */
export function summarisePeriods(
  kind: PeriodKind,
  totals: readonly DailyTotal[],
  isQualified: IsQualified,
): readonly PeriodSummary[] {
  const groups: { readonly period: Period; readonly days: DailyTotal[] }[] = [];
  for (const total of totals) {
    const group = groups.at(-1);
    if (group !== undefined && total.day <= group.period.last) {
      group.days.push(total);
    } else {
      groups.push({ period: periodOf(kind, total.day), days: [total] });
    }
  }
  return groups.map(({ period, days }) => summarise(period, days, isQualified)).reverse();
}

function summarise(period: Period, days: readonly DailyTotal[], isQualified: IsQualified): PeriodSummary {
  const qualified = days.filter(isQualified);
  return {
    period,
    total: days.reduce((sum, { total }) => sum + total, 0),
    activeDays: days.filter(({ total }) => total > 0).length,
    qualifiedDays: qualified.length,
    bestRun: longestRun(qualified.map(({ day }) => day)),
  };
}

/** Of days that ascend. */
function longestRun(days: readonly LocalDay[]): number {
  let longest = 0;
  let length = 0;
  for (const [index, day] of days.entries()) {
    length = days[index - 1] === day - 1 ? length + 1 : 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
