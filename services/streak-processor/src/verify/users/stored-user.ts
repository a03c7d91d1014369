import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { CheckIn } from '@streaks/shared/domain/events/check-in';
import type { DayEvent, Session } from '@streaks/shared/domain/events/session';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { StreakState, StreakSummary } from '@streaks/shared/domain/streaks/streak-state';

/** Of an event that is stored, the time of its record in epoch milliseconds. */
export interface Recorded {
  readonly recordTimeMs: number;
}

export type StoredSession = Session & Recorded;
export type StoredCheckIn = CheckIn & Recorded;

/** A row of `retracted_sessions`. */
export interface StoredRetraction extends Recorded {
  readonly sessionId: string;
  /** Of a session recorded after it, which an erasure in between would bring back; null without one. */
  readonly sessionRecordTimeMs: number | null;
}

/** A row of `special_users`. */
export interface StoredSpecial {
  readonly hasRetractions: boolean;
  readonly erasedAtMs: number | null;
  /** Undefined: they are not what settings are. */
  readonly settings: StoredSettings | undefined;
}

/** A row of `daily_totals`; milliseconds of `focus`, a number of check-ins of `activity`. */
export interface StoredDay {
  readonly total: number;
  readonly latest: DayEvent;
}

/** A row of `user_streaks`, its derived columns included. */
export interface StoredStreak {
  readonly state: StreakState;
  readonly summary: StreakSummary;
  readonly expiresAtMs: number | null;
}

/** What belongs to a rule. */
export interface StoredRule {
  readonly days: ReadonlyMap<LocalDay, StoredDay>;
  readonly streak: StoredStreak | undefined;
}

/** All that the tables hold of one user under one snapshot. */
export interface StoredUser {
  readonly userId: string;
  readonly sessions: readonly StoredSession[];
  readonly checkIns: readonly StoredCheckIn[];
  readonly retractions: readonly StoredRetraction[];
  readonly special: StoredSpecial | undefined;
  /** The organisations that have the user among their members. */
  readonly memberOf: readonly string[];
  /** One of them changed, and the user's streaks are still to be evaluated by its settings. */
  readonly isWaiting: boolean;
  readonly rules: Readonly<Record<RuleId, StoredRule>>;
}

/** What is stored of all users, and by what they are judged. */
export interface StoredContext {
  /** Settings of the organisations that users at hand belong to at some date. */
  readonly organisations: ReadonlyMap<string, StoredSettings>;
  readonly markedBuckets: ReadonlySet<number>;
  /** The clock of the snapshot, in epoch milliseconds. */
  readonly nowMs: number;
}
