import type { Change } from '@streaks/exactly-once/projection';
import type { ChangeType } from '@streaks/shared/domain/change-type';
import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { StreakState, StreakSummary } from '@streaks/shared/domain/streak-state';

/** The rule "so many seconds of focus a day", fed by sessions. */
export const FOCUS_RULE = 'focus';

/** Reason code of a session whose identity was taken by one with other content. */
export const SESSION_CONFLICT = 'SESSION_CONFLICT';

/** One stored change of a user's streak: one version, one row of `streak_history`. */
export interface StreakChange extends Change {
  readonly userId: string;
  readonly ruleId: string;
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
  /** The record that caused it. */
  readonly source: { readonly topicId: string; readonly partition: number; readonly offset: bigint };
  readonly requestId: string | null;
}

/** What a caller who waits is told once the state can be read. */
export interface SessionReply {
  /** The Redis channel that the caller listens on. */
  readonly channel: string;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly outcome: 'processed' | 'duplicate' | 'rejected';
  /** Of a rejection: its stable code and its detail. */
  readonly reason?: string;
  readonly detail?: string;
  /** The user's state after the transaction; not given with a rejection. */
  readonly state?: StreakState;
}

/** What one transaction did with its sessions. */
export interface StreaksOutcome {
  /** Sessions stored. */
  readonly applied: number;
  /** Identical repeats: no-ops. */
  readonly duplicates: number;
  /** Repeats with other content; each is among the rejected records too. */
  readonly conflicts: number;
  readonly daysQualified: number;
  /** Records whose key was not their session's user. */
  readonly keyMismatches: number;
  readonly replies: readonly SessionReply[];
  /** To be called once the transaction has committed: what this connection may recall from then on. */
  readonly remember: () => void;
}
