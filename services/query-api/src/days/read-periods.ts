import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { ReadModel } from '../stores/read-model';
import { type JudgeOptions, readJudge } from './judge-days';
import { MOST_DAYS, type PeriodKind } from './periods';
import { type PeriodSummary, summarisePeriods } from './summarise-periods';

export interface PeriodsQuery {
  readonly period: PeriodKind;
  readonly ruleId: RuleId;
  readonly from?: LocalDay | undefined;
  readonly to?: LocalDay | undefined;
  readonly limit: number;
}

export interface PeriodPage {
  /** Newest first. */
  readonly summaries: readonly PeriodSummary[];
  /** The day that the next page lies below; undefined on the last page. */
  readonly nextBelow: LocalDay | undefined;
}

export interface PeriodsOptions extends JudgeOptions {
  readonly readModel: Pick<ReadModel, 'readSettings' | 'readDailyTotals'>;
}

/** The newest periods of a range that lie below a day (undefined: all). */
export async function readPeriods(
  options: PeriodsOptions,
  userId: string,
  { period, ruleId, from, to, limit }: PeriodsQuery,
  below: LocalDay | undefined,
): Promise<PeriodPage> {
  const lastDays = [to, below === undefined ? undefined : below - 1].filter((day) => day !== undefined);
  const range = { from: from ?? null, to: lastDays.length === 0 ? null : (Math.min(...lastDays) as LocalDay) };
  // One day more than a page can hold tells whether there is another page; its own period is left to that one.
  const mostDays = limit * MOST_DAYS[period] + 1;
  const [totals, isQualified] = await Promise.all([
    options.readModel.readDailyTotals(userId, ruleId, range, mostDays),
    readJudge(options, userId, ruleId),
  ]);
  const all = summarisePeriods(period, totals, isQualified);
  const summaries = all.slice(0, limit);
  return { summaries, nextBelow: all.length > limit ? summaries.at(-1)?.period.first : undefined };
}
