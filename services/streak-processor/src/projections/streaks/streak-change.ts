import type { Change } from '@streaks/exactly-once/projection';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import type { StreakState, StreakSummary } from '@streaks/shared/domain/streaks/streak-state';

/** The record that caused a change. */
export interface ChangeSource {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** One stored change of a user's streak: one version, one row of `streak_history`. */
export interface StreakChange extends Change {
  readonly userId: string;
  readonly ruleId: RuleId;
  /** That of `after`; one more than that of `before`. */
  readonly version: number;
  readonly changeType: ChangeType;
  /** The day this change added; null when it added none. */
  readonly qualifiedDate: LocalDay | null;
  readonly before: StreakState;
  readonly after: StreakState;
  /** Figures of the two. */
  readonly summaryBefore: StreakSummary;
  readonly summaryAfter: StreakSummary;
  /** Whether this is the transaction's last change of this state: `after` is what it leaves. */
  readonly isLast: boolean;
  /** The user was erased: nothing of what was before is told, and whoever keeps it must forget it. */
  readonly isErasure?: true;
  readonly source: ChangeSource;
  /** Timestamp of the record that caused it, in epoch milliseconds. */
  readonly recordTimeMs: number;
  readonly requestId: string | null;
}

/** What became of an event for the caller who waits for it; `retracted` and `erased`: it came too late to count. */
export type EventOutcome = 'processed' | 'duplicate' | 'rejected' | 'retracted' | 'erased';

/** What a caller who waits is told once the state can be read. */
export interface EventReply {
  /** The `x-reply-to` header as it came: a Redis channel, `#`, and what the caller knows the wait by. */
  readonly replyTo: string;
  readonly userId?: string;
  /** Of the session, check-in or change; an erasure has none. */
  readonly eventId?: string;
  /** The rule that the state is of; of a correction `focus`. */
  readonly ruleId?: RuleId;
  readonly outcome: EventOutcome;
  /** Of the event's own change; STREAK_MAINTAINED where its day was qualified already. */
  readonly changeType?: ChangeType;
  /** Of a rejection: its stable code and its detail. */
  readonly reason?: string;
  readonly detail?: string;
  /** The user's state after the transaction; not given with a rejection. */
  readonly state?: StreakState;
}
