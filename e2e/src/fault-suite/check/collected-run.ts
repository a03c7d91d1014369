import type { HistoryRow, StoredStreak, StreakRow } from '../../state/read-state';

export interface StoredSession {
  readonly userId: string;
  readonly sessionId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly timezone: string;
}

export interface StoredTotal {
  readonly userId: string;
  readonly date: string;
  readonly totalMs: number;
  readonly latestEndMs: number;
  readonly latestId: string;
  readonly latestTimezone: string;
}

export interface StoredChange extends HistoryRow {
  readonly eventId: string;
  readonly shard: number;
  readonly outSeq: number;
}

export interface StoredLetter {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  /** As text; null where the record had none. */
  readonly key: string | null;
  readonly userId: string | null;
  readonly eventId: string | null;
  readonly shard: number;
  readonly outSeq: number;
}

export interface ShardMark {
  readonly shard: number;
  readonly outSeq: number;
  readonly publishedSeq: number;
  readonly projectedSeq: number;
}

/** A record of `streak-changes` as a read_committed reader saw it. In the order of partition, then offset. */
export interface PublishedChange {
  readonly partition: number;
  readonly eventId: string;
  readonly userId: string;
  readonly version: number;
  /** The figures of the value as `changeText` has them, where the reader looked at it. */
  readonly content?: string;
}

/** A record of `user-streaks`. In the order of partition, then offset. */
export interface PublishedState {
  readonly partition: number;
  readonly key: string;
  readonly version: number;
  /** The rest of what it says of the state, as `streakText` has it. */
  readonly state: string;
}

/** A record of `dead-letters`: the record it tells of. */
export interface PublishedLetter {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
}

export interface PublishedOutput {
  /** By reader: each must have seen the same. */
  readonly changes: Readonly<Record<string, readonly PublishedChange[]>>;
  readonly states: readonly PublishedState[];
  readonly letters: readonly PublishedLetter[];
}

/** All that a run left behind, at rest. */
export interface CollectedRun {
  readonly sessions: readonly StoredSession[];
  readonly totals: readonly StoredTotal[];
  readonly streaks: readonly StreakRow[];
  /** Each user's rows in version order. */
  readonly history: readonly StoredChange[];
  readonly letters: readonly StoredLetter[];
  readonly shards: readonly ShardMark[];
  readonly redis: readonly StoredStreak[];
  readonly published: PublishedOutput;
}
