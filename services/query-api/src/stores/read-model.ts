import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { StreakState } from '@streaks/shared/domain/streak-state';

/** A row of `user_streaks`, with the generation it was read under. */
export interface StoredStreak {
  readonly userId: string;
  readonly ruleId: string;
  readonly state: StreakState;
  readonly generation: bigint;
}

/** The total of a local day under a rule. */
export interface DailyTotal {
  readonly ruleId: string;
  readonly day: LocalDay;
  readonly totalMs: number;
}

/** What became of a session that was seen. */
export type SessionRecord =
  | { readonly status: 'processed'; readonly startMs: number; readonly endMs: number; readonly timezone: string }
  | { readonly status: 'rejected'; readonly reason: string; readonly detail: string };

/** Days to be read, bounds included; an open side is null. */
export interface DayRange {
  readonly from: LocalDay | null;
  readonly to: LocalDay | null;
}

/** The read models in Postgres. Every method rejects with `StoreUnavailable` while Postgres is away. */
export interface ReadModel {
  /** The rows that exist, in any order. */
  readStreaks(userIds: readonly string[], ruleIds: readonly string[]): Promise<readonly StoredStreak[]>;
  /** The totals a user has on any of the days, under all rules. */
  readTotalsOn(userId: string, days: readonly LocalDay[]): Promise<readonly DailyTotal[]>;
  /** The newest days of the range that have a total, at most `limit`, ascending. */
  readDailyTotals(userId: string, ruleId: string, range: DayRange, limit: number): Promise<readonly DailyTotal[]>;
  /** Undefined for a session that was not seen. One that was applied counts as processed, whatever was sent later under its id. */
  readSession(userId: string, sessionId: string): Promise<SessionRecord | undefined>;
  /** Resolves when Postgres answers. */
  ping(): Promise<void>;
}
