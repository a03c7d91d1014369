import type { Change, NumberedChange, NumberedRejection } from '../projection';

/** A record for Kafka. Its partition is always given: kafkajs would choose anew at each repeat. */
export interface OutputRecord {
  /** The row it tells of: a transaction is cut between rows, and one that Kafka refuses is named by it. */
  readonly seq: bigint;
  readonly topic: string;
  readonly partition: number;
  /** Key, value and headers, by `createRecordBodyEncoder` of @streaks/shared. */
  readonly body: Buffer;
  /** Only the last record of its topic and key in a transaction is sent: for compacted topics. */
  readonly isState: boolean;
}

/**
 * The numbers of one shard that follow each other, and what they mean in Kafka, in number order. A row may mean no record
 * or several.
 */
export interface OutputRows {
  readonly firstSeq: bigint;
  readonly lastSeq: bigint;
  readonly records: readonly OutputRecord[];
}

/** Rows as one transaction committed them. */
export type PublishHandover = OutputRows;

/**
 * Turns changes to records, where they were committed: in number order, at most one shard. Runs between two transactions of
 * an applier, so it must be quick; must not throw.
 */
export type EncodeChanges<C extends Change> = (
  shard: number,
  changes: readonly NumberedChange<C>[],
) => readonly OutputRecord[];

/** Turns a dead letter to its record or records. Must not throw. */
export type EncodeDeadLetter = (letter: NumberedRejection) => readonly OutputRecord[];

/** What an engine is given to publish what it commits. */
export interface Publication<C extends Change> {
  readonly publisher: Publisher;
  readonly encode: EncodeChanges<C>;
  readonly encodeDeadLetter: EncodeDeadLetter;
}

/**
 * Rows of a shard above `afterSeq` from Postgres, in order, at most `limit` of them and no more bytes than fit one Kafka
 * transaction. `undefined`: there are none. Changes and dead letters alike, without leaving out a row that is there:
 * `lastSeq` is that of the last row read, and numbers up to it that no row has are taken for published.
 */
export type ReadOutput = (shard: number, afterSeq: bigint, limit: number) => Promise<OutputRows | undefined>;

/** Takes committed rows to Kafka, each once. */
export interface Publisher {
  /** The shards this process works from now on. */
  setShards(shards: readonly number[]): void;
  /** Whether rows of the shard would be kept if offered now. What would not is not worth encoding; it is read back later. */
  wants(shard: number): boolean;
  /** Rows of a committed transaction by shard. Never waits; what does not fit the memory is read back later. */
  offer(handovers: ReadonlyMap<number, PublishHandover>): void;
  /** Publishes what is at hand and ends. Gives up at the deadline: nothing is lost, only later. */
  close(deadlineMs: number): Promise<void>;
}
