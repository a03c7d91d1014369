/** A streak rule as far as reading needs it. */
export interface StreakRule {
  readonly id: string;
  /** Milliseconds a day that qualify it. */
  readonly targetMs: number;
}

/** Sessions, so many seconds a day. */
export const FOCUS_RULE_ID = 'focus';
