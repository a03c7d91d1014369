import type { RuleId } from '@streaks/shared/domain/rules';
import type { DailyTotal, ReadModel } from '../stores/read-model';
import { type DefaultTargets, targetOn } from '../streaks/rules';

export interface JudgeOptions {
  readonly readModel: Pick<ReadModel, 'readSettings'>;
  readonly targets: DefaultTargets;
}

/** Whether totals of a user qualify their days, each by the target that is in force on it. */
export async function readJudge(
  { readModel, targets }: JudgeOptions,
  userId: string,
  ruleId: RuleId,
): Promise<(total: Pick<DailyTotal, 'day' | 'total'>) => boolean> {
  const settings = await readModel.readSettings(userId);
  return ({ day, total }) => total >= targetOn(settings, targets, ruleId, day);
}
