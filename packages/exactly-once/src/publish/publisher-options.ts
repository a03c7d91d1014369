import type { EngineStep } from '../steps';
import type { HaltReason, PublicationRow } from './mark';
import type { ReadOutput } from './publication';
import type { ShardProducerOptions } from './shard/shard-producer';

export type PublicationStep = Extract<EngineStep, `P${string}`>;

/** Called after each step of a shard; a test stops, breaks or delays the publisher there. A promise is waited for. */
export type OnPublicationStep = (step: PublicationStep, shard: number) => void | Promise<void>;

/** The rows of `outbox_shard`; `createPublicationStore` gives one on Postgres. */
export interface PublicationStore {
  read(shards: readonly number[]): Promise<readonly PublicationRow[]>;
  /** Moves `published_seq` forward where the mark's epoch still counts; returns the shards that could be written now. */
  movePublished(marks: ReadonlyMap<number, PublishedMark>): Promise<ReadonlySet<number>>;
  /** Unless it is halted already. */
  halt(shard: number, reason: HaltReason, detail: string): Promise<void>;
}

export interface PublishedMark {
  readonly seq: bigint;
  readonly epoch: bigint;
}

/** What happens, for metrics and logs. */
export interface PublisherEvents {
  published(transaction: PublishedTransaction): void;
  failed(shard: number, error: unknown): void;
  halted(shard: number, reason: string, detail: string): void;
  /** The group has an offset for the shard that is not ours or void. */
  ignoredMark(shard: number, detail: string): void;
  /** Numbers up to the end of the outbox that no row has: they count as published. */
  missingRows(shard: number, firstSeq: bigint, lastSeq: bigint): void;
  state(state: PublisherState): void;
}

export interface PublishedTransaction {
  readonly shard: number;
  readonly rows: number;
  /** Sent; of states, only the last. */
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Over the shards of this process, about once a second. */
export interface PublisherState {
  readonly shards: Readonly<Record<ShardKind, number>>;
  /** Rows committed and not yet published. */
  readonly backlogRows: number;
  /** The longest time that a shard has had rows to publish and published none. */
  readonly standsStillSeconds: number;
  readonly waitingBytes: number;
}

export type ShardKind = 'opening' | 'reading-back' | 'live' | 'halted';

export interface PublisherTuning {
  /** Rows and bytes of one Kafka transaction. One that is full does not wait for the interval. */
  readonly maxTransactionRows: number;
  readonly maxTransactionBytes: number;
  /** Of one partition in one request. Keep below `max.message.bytes` of every topic written. */
  readonly maxSendBytes: number;
  /** What may wait in memory over all shards. Past it rows are dropped and read back later. */
  readonly maxWaitingRows: number;
  readonly maxWaitingBytes: number;
  readonly pageRows: number;
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** Over all shards; the interval of each grows with the number of busy ones. */
  readonly maxTransactionsPerSecond: number;
  readonly maxOpening: number;
  /** How often `outbox_shard` is asked: from `min` when there are rows of other processes, backing off to `max`. */
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  readonly markEveryMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** After another process has taken a shard over: by then it should be known whose it is. */
  readonly fencedBackoffMs: number;
}

export const defaultPublisherTuning: PublisherTuning = {
  maxTransactionRows: 20_000,
  maxTransactionBytes: 4_000_000,
  maxSendBytes: 900_000,
  maxWaitingRows: 100_000,
  maxWaitingBytes: 48_000_000,
  pageRows: 5_000,
  minIntervalMs: 50,
  maxIntervalMs: 1_000,
  maxTransactionsPerSecond: 20,
  maxOpening: 8,
  pollMinMs: 50,
  pollMaxMs: 1_000,
  markEveryMs: 200,
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
  fencedBackoffMs: 1_000,
};

export interface PublisherOptions extends Omit<ShardProducerOptions, 'onDiscarding'> {
  readonly store: PublicationStore;
  readonly readOutput: ReadOutput;
  readonly tuning: PublisherTuning;
  readonly events: PublisherEvents;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly onStep?: OnPublicationStep;
}
