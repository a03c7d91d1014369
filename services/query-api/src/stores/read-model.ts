import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { EffectiveSettings } from '@streaks/shared/domain/settings/effective-settings';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';

/** A row of `user_streaks`, with the generation it was read under. */
export interface StoredStreak {
  readonly userId: string;
  readonly ruleId: string;
  readonly state: StreakState;
  readonly generation: bigint;
}

/** The total of a local day under a rule: milliseconds of sessions, or a number of check-ins. */
export interface DailyTotal {
  readonly ruleId: string;
  readonly day: LocalDay;
  readonly total: number;
}

type Rejected = { readonly status: 'rejected'; readonly reason: string; readonly detail: string };

/** What became of a session that was seen. */
export type SessionRecord =
  | { readonly status: 'processed'; readonly startMs: number; readonly endMs: number; readonly timezone: string }
  /** It counts no more, or never did: its retraction may have come first. */
  | { readonly status: 'retracted' }
  | Rejected;

/** What became of a check-in that was seen. */
export type CheckInRecord =
  | { readonly status: 'processed'; readonly atMs: number; readonly timezone: string }
  | Rejected;

/** Figures of a streak that do not depend on when they are read. */
export interface ChangedFigures {
  /** Length of the latest streak, whether or not it was still alive. */
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly qualifiedDaysCount: number;
  readonly lastQualifiedDate: LocalDay | null;
}

/** One stored change of a streak: a row of `streak_history`. */
export interface StreakChange {
  readonly ruleId: RuleId;
  /** That after the change; 1 for the first one. */
  readonly version: number;
  /** `USER_ERASED`: every change before it is gone. */
  readonly changeType: Exclude<ChangeType, 'STREAK_MAINTAINED'>;
  /** The day that the change added; null when it added none. */
  readonly qualifiedDate: LocalDay | null;
  readonly before: ChangedFigures;
  readonly after: ChangedFigures;
  readonly timezone: string | null;
  readonly requestId: string | null;
  /** The record that caused it. */
  readonly source: { readonly topicId: string; readonly partition: number; readonly offset: number };
  readonly recordedAtMs: number;
  readonly eventId: string;
}

/** Up to where somebody knows the history of a user under a rule. */
export interface HistoryPosition {
  readonly userId: string;
  readonly ruleId: RuleId;
  readonly version: number;
}

/** What a position has to learn. */
export interface HistoryNews {
  readonly position: HistoryPosition;
  /** The version that the state has now. */
  readonly currentVersion: number;
  /** Changes above the position, ascending; not all where there are many. */
  readonly changes: readonly StreakChange[];
}

export interface Friend {
  readonly userId: string;
  /** When the friendship was last said to be one, in epoch milliseconds. */
  readonly sinceMs: number;
}

/** Days to be read, bounds included; an open side is null. */
export interface DayRange {
  readonly from: LocalDay | null;
  readonly to: LocalDay | null;
}

/** The read models in Postgres. Every method rejects with `StoreUnavailable` while Postgres is away. */
export interface ReadModel {
  /** The rows that exist, in any order. */
  readStreaks(userIds: readonly string[], ruleIds: readonly string[]): Promise<readonly StoredStreak[]>;
  /** The totals a user has on any of the days. */
  readTotalsOn(userId: string, ruleIds: readonly string[], days: readonly LocalDay[]): Promise<readonly DailyTotal[]>;
  /** The newest days of the range that have a total, at most `limit`, ascending. */
  readDailyTotals(userId: string, ruleId: string, range: DayRange, limit: number): Promise<readonly DailyTotal[]>;
  /** The user's settings and those of the user's organisations; without any, those that say nothing. */
  readSettings(userId: string): Promise<EffectiveSettings>;
  /** Undefined for a session that was not seen. One that was applied counts as processed, whatever was sent later under its id. */
  readSession(userId: string, sessionId: string): Promise<SessionRecord | undefined>;
  /** As of sessions. */
  readCheckIn(userId: string, checkInId: string): Promise<CheckInRecord | undefined>;
  /** Changes below a version (null: from the newest on), newest first. */
  readHistory(
    userId: string,
    ruleId: string,
    belowVersion: number | null,
    limit: number,
  ): Promise<readonly StreakChange[]>;
  /** Of many positions at once, those that are not at their state's version; at most `limit` changes of each. */
  readNews(positions: readonly HistoryPosition[], limit: number): Promise<readonly HistoryNews[]>;
  /** Friends above an id (null: from the first on), ascending by the bytes of their ids. */
  readFriends(userId: string, aboveId: string | null, limit: number): Promise<readonly Friend[]>;
  /** Resolves when Postgres answers. */
  ping(): Promise<void>;
}
