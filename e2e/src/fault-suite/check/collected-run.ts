import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';

export interface StoredSession {
  readonly userId: string;
  readonly sessionId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly timezone: string;
  readonly recordTimeMs: number;
}

export interface StoredCheckIn {
  readonly userId: string;
  readonly checkInId: string;
  readonly atMs: number;
  readonly timezone: string;
  readonly recordTimeMs: number;
}

export interface StoredRetraction {
  readonly userId: string;
  readonly sessionId: string;
  readonly recordTimeMs: number;
  /** Of the session that is kept beside it, if there is one. */
  readonly sessionRecordTimeMs: number | null;
}

/** A row of `special_users`. */
export interface StoredSpecial {
  readonly userId: string;
  readonly erasedAtMs: number | null;
}

export interface StoredMember {
  readonly organisationId: string;
  readonly userId: string;
}

export interface StoredFriendship {
  readonly first: string;
  readonly second: string;
  readonly isFriend: boolean;
  readonly changedAtMs: number;
}

export interface StoredTotal {
  readonly rule: ReferenceRule;
  readonly userId: string;
  readonly date: string;
  readonly total: number;
  readonly latestEndMs: number;
  readonly latestId: string;
  readonly latestTimezone: string;
}

/** A state as Postgres and Redis both can say it. */
export interface StoredState {
  readonly rule: ReferenceRule;
  readonly userId: string;
  /** First day and length of each run, in order. */
  readonly runs: readonly { readonly first: string; readonly length: number }[];
  readonly timezone: string | null;
  readonly version: number;
  /** As `bridgingText` has it. */
  readonly bridging: string;
  readonly isUnlisted: boolean;
  readonly updatedAtMs: number;
}

/** A row of `user_streaks`. */
export interface StoredStreak extends StoredState {
  readonly currentRunLength: number;
  readonly longestRunLength: number;
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
  readonly expiresAtMs: number | null;
}

/** The place of a record in the log. */
export interface LogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** What a change says, in Postgres and in Kafka. */
export interface ChangeFigures {
  readonly changeType: string;
  readonly qualifiedDate: string | null;
  readonly currentBefore: number;
  readonly currentAfter: number;
  readonly longestBefore: number;
  readonly longestAfter: number;
  readonly qualifiedDaysBefore: number;
  readonly qualifiedDaysAfter: number;
  readonly lastQualifiedBefore: string | null;
  readonly lastQualifiedAfter: string | null;
}

/** A row of `streak_history`. */
export interface StoredChange extends ChangeFigures {
  readonly rule: ReferenceRule;
  readonly userId: string;
  readonly version: number;
  readonly eventId: string;
  readonly shard: number;
  readonly outSeq: number;
  /** Of the record that caused it. */
  readonly source: LogPlace;
}

export interface StoredLetter extends LogPlace {
  readonly topicId: string;
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

export type BoardName = 'qualified' | 'current';

/** A leaderboard in Redis, best first. */
export interface StoredBoard {
  readonly rule: ReferenceRule;
  readonly board: BoardName;
  readonly entries: readonly BoardEntry[];
}

/** A place on a board, with what the hash of members says of the user. */
export interface BoardEntry {
  readonly userId: string;
  readonly version: number;
  readonly qualifiedDays: number;
  readonly longest: number;
  readonly latest: number;
  readonly expiresAtMs: number;
}

/** A record of `streak-changes` as a read_committed reader saw it. In the order of partition, then offset. */
export interface PublishedChange {
  readonly partition: number;
  readonly eventId: string;
  readonly rule: string;
  readonly userId: string;
  readonly version: number;
  /** Where the reader looked at the value. */
  readonly figures?: ChangeFigures;
  /** Of the value; part of the event id. */
  readonly generation?: number;
}

/** A record of `user-streaks`. In the order of partition, then offset. */
export interface PublishedState {
  readonly partition: number;
  readonly key: string;
  readonly version: number;
  /** The rest of what it says of the state, as `stateText` has it; null: the record has no value. */
  readonly state: string | null;
}

/** A record of `dead-letters`: the record it tells of. */
export interface PublishedLetter extends LogPlace {
  readonly topicId: string;
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
  readonly checkIns: readonly StoredCheckIn[];
  readonly retractions: readonly StoredRetraction[];
  readonly specials: readonly StoredSpecial[];
  readonly members: readonly StoredMember[];
  readonly friendships: readonly StoredFriendship[];
  readonly totals: readonly StoredTotal[];
  readonly streaks: readonly StoredStreak[];
  /** Those of one user and rule in version order. */
  readonly history: readonly StoredChange[];
  readonly letters: readonly StoredLetter[];
  readonly shards: readonly ShardMark[];
  readonly redis: readonly StoredState[];
  readonly boards: readonly StoredBoard[];
  /** When the boards were read. */
  readonly boardsReadAtMs: number;
  readonly published: PublishedOutput;
}
