/** Days with enough focus time: sessions, counted in milliseconds. */
export const FOCUS_RULE = 'focus';
/** Days with a check-in: counted one by one. */
export const ACTIVITY_RULE = 'activity';

/** What a streak is about; the same names in storage, topics and answers. */
export type RuleId = typeof FOCUS_RULE | typeof ACTIVITY_RULE;

export const RULE_IDS: readonly RuleId[] = Object.freeze([FOCUS_RULE, ACTIVITY_RULE]);

/** Check-ins that a day needs where no setting says otherwise. */
export const DEFAULT_CHECK_IN_TARGET = 1;

/** What a day needs where no setting says otherwise: milliseconds of `focus`, a number of check-ins of `activity`. */
export type DefaultTargets = Readonly<Record<RuleId, number>>;
