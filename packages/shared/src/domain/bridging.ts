import type { LocalDay } from './local-day';

/** How freezes are earned: one with each `earnEvery`-th qualified day of a streak, at most `cap` at a time. */
export interface FreezeRule {
  /** 1 to 365. */
  readonly earnEvery: number;
  /** 1 to 100. */
  readonly cap: number;
}

/** The rule in force from a day until the next step; null: none. */
export interface FreezeStep {
  readonly from: LocalDay;
  readonly rule: FreezeRule | null;
}

/** Days of a pause, both ends included. */
export interface DayRange {
  readonly first: LocalDay;
  readonly last: LocalDay;
}

/**
 * What may bridge days that were missed. Steps ascend by day and neighbours differ; pauses ascend and neither overlap nor
 * touch. Where neither has an element a state has no bridging at all.
 */
export interface Bridging {
  readonly freezes: readonly FreezeStep[];
  readonly pauses: readonly DayRange[];
}
