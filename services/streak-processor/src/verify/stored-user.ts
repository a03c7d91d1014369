import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { Runs } from '@streaks/shared/domain/runs';
import type { DayEvent, Session } from '@streaks/shared/domain/session';

/** A row of `daily_totals`. */
export interface StoredDay {
  readonly totalMs: number;
  readonly latest: DayEvent;
}

/** A row of `user_streaks`, its derived columns included. */
export interface StoredStreak {
  readonly runs: Runs;
  readonly timezone: string | null;
  readonly version: number;
  readonly currentRunLength: number;
  readonly longest: number;
  readonly lastQualifiedDate: LocalDay | null;
  readonly qualifiedDaysCount: number;
}

/** All that the tables hold of one user under one snapshot. */
export interface StoredUser {
  readonly userId: string;
  readonly sessions: readonly Session[];
  readonly days: ReadonlyMap<LocalDay, StoredDay>;
  readonly streak: StoredStreak | undefined;
}
