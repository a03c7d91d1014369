import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import type { EffectiveSettings } from '@streaks/shared/domain/settings/effective-settings';

/** What a day needs where no setting says otherwise: milliseconds of `focus`, a number of check-ins of `activity`. */
export type DefaultTargets = Readonly<Record<RuleId, number>>;

/** What a day needs to qualify, in the unit of the rule's totals. */
export function targetOn(
  settings: Pick<EffectiveSettings, 'targetOn'>,
  defaults: DefaultTargets,
  ruleId: RuleId,
  day: LocalDay,
): number {
  return settings.targetOn(ruleId, day) ?? defaults[ruleId];
}

/** What a total is shown in. */
export type Unit = 'seconds' | 'check-ins';

export function unitOf(ruleId: RuleId): Unit {
  return ruleId === FOCUS_RULE ? 'seconds' : 'check-ins';
}

/** A total in the rule's unit. Seconds are cut, never rounded up: 29:59.9 must not read as 30 minutes. */
export function showTotal(ruleId: RuleId, total: number): number {
  return ruleId === FOCUS_RULE ? Math.floor(total / 1000) : total;
}

/** What is still missing, in the rule's unit. Seconds are rounded up, so that 0 says "qualified" and nothing else does. */
export function showMissing(ruleId: RuleId, total: number, target: number): number {
  const missing = Math.max(0, target - total);
  return ruleId === FOCUS_RULE ? Math.ceil(missing / 1000) : missing;
}
