import { type LocalDay, MILLISECONDS_PER_DAY } from '@streaks/shared/domain/calendar/local-day';
import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import type { ReadModel } from '../stores/read-model';
import { type DefaultTargets, targetOn } from './rules';

/** What was done today, and what today needs, in the unit of the rule's totals. */
export interface Progress {
  readonly total: number;
  readonly target: number;
}

export interface TodayProgress {
  /** Where the user says to be. */
  readonly timezone: string | null;
  /** `today` is a date that is today somewhere. */
  on(ruleId: RuleId, today: LocalDay): Progress;
}

/** Progress of a user under all rules, whatever zone "today" will be taken in. Rejects with `StoreUnavailable` while Postgres is away. */
export async function readTodayProgress(
  {
    readModel,
    targets,
  }: { readonly readModel: Pick<ReadModel, 'readTotalsOn' | 'readSettings'>; readonly targets: DefaultTargets },
  userId: string,
  nowMs: number,
): Promise<TodayProgress> {
  const [settings, totals] = await Promise.all([
    readModel.readSettings(userId),
    readModel.readTotalsOn(userId, RULE_IDS, daysThatAreToday(nowMs)),
  ]);
  return {
    timezone: settings.timezone,
    on: (ruleId, today) => ({
      total: totals.find((total) => total.ruleId === ruleId && total.day === today)?.total ?? 0,
      target: targetOn(settings, targets, ruleId, today),
    }),
  };
}

/** No offset reaches 24 h: somewhere it is yesterday or tomorrow of UTC, and nowhere anything else. */
function daysThatAreToday(nowMs: number): readonly LocalDay[] {
  const utcDay = Math.floor(nowMs / MILLISECONDS_PER_DAY);
  return [utcDay - 1, utcDay, utcDay + 1] as LocalDay[];
}
