import type { ClientBase } from 'pg';

/** A connection inside an open transaction. The projection neither commits nor rolls back. */
export type Transaction = ClientBase;

/** One Kafka record as the engine read it. `offset` is a bigint from the edge inward; `timestampMs` is the record's own (LogAppendTime). */
export interface SourceRecord {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>;
}

/** A record that can never be applied, and why. It becomes a dead letter in the transaction that passes its offset. */
export interface Rejection {
  /** Stable reason code, upper snake case: part of the public contract. */
  readonly reason: string;
  readonly detail: string;
  readonly userId?: string;
  readonly eventId?: string;
}

export type Decoded<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** An event and the record it came from. */
export interface DecodedRecord<Event> {
  readonly source: SourceRecord;
  readonly event: Event;
}

/** A change of the read model. All changes of one `shardKey` are numbered in commit order in one outbox shard. */
export interface Change {
  readonly shardKey: string;
}

export interface NumberedChange<C extends Change> {
  readonly shard: number;
  readonly seq: bigint;
  /** `now()` of the transaction that committed it, in whole milliseconds (cut, not rounded): what a column `DEFAULT now()` holds. */
  readonly recordedAtMs: number;
  readonly change: C;
}

export interface Rejected {
  readonly source: SourceRecord;
  readonly rejection: Rejection;
}

/** A dead letter under its number; it shares the numbers of a shard with the changes. */
export interface NumberedRejection {
  readonly shard: number;
  readonly seq: bigint;
  /** As of a change; the row's `first_seen`. */
  readonly recordedAtMs: number;
  readonly rejected: Rejected;
}

export interface Applied<C extends Change, Outcome> {
  /** Those of one shardKey in version order; otherwise in any. */
  readonly changes: readonly C[];
  readonly rejected: readonly Rejected[];
  /** Of the decoder's rejections those that must leave no dead letter. Default: none. */
  readonly withheld?: ReadonlySet<Rejected>;
  /** What the projection wants to be told again after COMMIT (counts for metrics, replies owed). */
  readonly outcome: Outcome;
}

/** What a batch means. The engine knows nothing of it but this. */
export interface Projection<Event, C extends Change, Outcome> {
  /**
   * Bytes to events, outside of any transaction; one answer per record, in order. Never throws for bad data.
   * Throws for a dependency that is away (a schema registry): the engine waits and asks again.
   */
  decode(records: readonly SourceRecord[]): Promise<readonly Decoded<Event>[]>;
  /**
   * Folds the records into the read model, inside the transaction, set-based. May be called again for the same
   * records after a rollback, and with fewer of them: it must keep no state of a transaction that did not commit.
   * `rejected`: what the decoder rejected among the same records' neighbours; it becomes dead letters.
   */
  apply(
    transaction: Transaction,
    records: readonly DecodedRecord<Event>[],
    attempt: number,
    rejected?: readonly Rejected[],
  ): Promise<Applied<C, Outcome>>;
  /** Writes the numbered changes to the outbox table, in the same transaction, after the shards were locked. */
  saveChanges(transaction: Transaction, changes: readonly NumberedChange<C>[]): Promise<void>;
  /** Called once after COMMIT, synchronously; must not throw. */
  committed(applied: Applied<C, Outcome>): void;
}

/** Where the relay takes committed changes to. Writes must be idempotent and refuse what is older than what is there. */
export interface Sink<C extends Change> {
  /** Makes the changes visible; resolves when all of them are. Rejects when the store is away: nothing is lost, the mark stands still. */
  write(changes: readonly NumberedChange<C>[]): Promise<void>;
  /**
   * Makes the rows of a shard above `afterSeq` visible, read from Postgres in order, at most `limit` of them. `lastSeq` is
   * that of the last row, `afterSeq` when there was none. Numbers may have gaps: those of dead letters.
   */
  writeBacklog(
    shard: number,
    afterSeq: bigint,
    limit: number,
  ): Promise<{ readonly rows: number; readonly lastSeq: bigint }>;
}
