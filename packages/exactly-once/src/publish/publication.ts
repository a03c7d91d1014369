import type { Change, NumberedChange } from '../projection';

/** A record for Kafka. Its partition is always given: kafkajs would choose anew at each repeat. */
export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string | Buffer>>;
  /** Only the last record of its topic and key in a transaction is sent: for compacted topics. */
  readonly isState: boolean;
}

/** The numbers of one shard that follow each other, and what they mean in Kafka, in number order. */
export interface OutputRows {
  readonly firstSeq: bigint;
  readonly lastSeq: bigint;
  readonly records: readonly OutputRecord[];
}

/** Rows as one transaction committed them. */
export type PublishHandover = OutputRows;

/** Turns changes to records, where they were committed. */
export type EncodeChanges<C extends Change> = (
  shard: number,
  changes: readonly NumberedChange<C>[],
) => readonly OutputRecord[];

/**
 * Rows of a shard above `afterSeq` from Postgres, in order, at most `limit` of them and no more bytes than fit one Kafka
 * transaction. `undefined`: there are none. Changes and dead letters alike, without a gap.
 */
export type ReadOutput = (shard: number, afterSeq: bigint, limit: number) => Promise<OutputRows | undefined>;

/** Takes committed rows to Kafka, each once. */
export interface Publisher {
  /** The shards this process works from now on. */
  setShards(shards: readonly number[]): void;
  /** Rows of a committed transaction by shard. Never waits; what does not fit the memory is read back later. */
  offer(handovers: ReadonlyMap<number, PublishHandover>): void;
  /** Publishes what is at hand and ends. Gives up at the deadline: nothing is lost, only later. */
  close(deadlineMs: number): Promise<void>;
}
