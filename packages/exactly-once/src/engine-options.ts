import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import type { StoreErrorKind } from './apply/apply-reliably';
import type { EngineMetrics } from './metrics';
import type { Change, Projection, Sink } from './projection';
import type { Publication } from './publish/publication';
import type { OnEngineStep } from './steps';

/** Numbers that shape an engine. The defaults are those measured best on two cores. */
export interface EngineTuning {
  /** Connections that apply, each with the partitions of its remainder. A second one gains 60–80 %, a third almost nothing. */
  readonly lanes: number;
  readonly maxBatchRecords: number;
  /** Records read ahead in each lane while a transaction runs. */
  readonly maxQueuedRecords: number;
  /** How long few records wait for others to share their transaction. */
  readonly lingerMs: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly metadataMaxAgeMs: number;
  /** Offsets skipped without a record are written after this long without one. */
  readonly idleWriteMs: number;
  readonly checkEveryMs: number;
  /** Lag without progress for this long: the partition is claimed anew, and the second time the consumer rebuilt. So it is when nothing is fetched for this long and a rebalance. */
  readonly stallMs: number;
  readonly maxRebuilds: number;
  readonly topicCheckEveryMs: number;
  readonly maxBadShare: number;
  readonly minBadRecords: number;
  readonly relayMaxWaitingRows: number;
  readonly relayPageRows: number;
}

export const defaultTuning: EngineTuning = {
  lanes: 2,
  maxBatchRecords: 10_000,
  maxQueuedRecords: 20_000,
  lingerMs: 5,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  maxWaitMs: 100,
  metadataMaxAgeMs: 10_000,
  idleWriteMs: 1_000,
  checkEveryMs: 500,
  stallMs: 30_000,
  maxRebuilds: 8,
  topicCheckEveryMs: 10_000,
  maxBadShare: 0.5,
  minBadRecords: 1_000,
  relayMaxWaitingRows: 50_000,
  relayPageRows: 2_000,
};

/** What an operator wants to read of; a pino logger fits. */
export interface EngineLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export interface EngineOptions<Event, C extends Change, Outcome> {
  /** At most one engine of a process reads it. */
  readonly topic: string;
  /** Of this topic alone: kafkajs gives members of one group partitions of topics that they do not read. */
  readonly groupId: string;
  /** Names this process in `partition_progress`. */
  readonly owner: string;
  /** Rows of `outbox_shard`; fixed for the life of the installation. */
  readonly shardCount: number;
  readonly shardOf: (shardKey: string) => number;
  readonly projection: Projection<Event, C, Outcome>;
  /**
   * Where the relay takes changes. Without it, and without a publication, an engine only applies: the rows of its outbox, dead
   * letters among them, are found by the engine that has them.
   */
  readonly sink?: Sink<C>;
  /** A new client each time: kafkajs shares state between all that come from one. */
  readonly createKafka: (role: string) => Kafka;
  readonly fetchTopicId: () => Promise<string>;
  /** For the appliers: one connection a lane, with their session settings. Engines may share one that has enough for all. */
  readonly lanePool: Pool;
  /** For claims and the relay. */
  readonly pool: Pool;
  readonly classifyStoreError: (error: unknown) => StoreErrorKind;
  readonly tuning: EngineTuning;
  /** Made once and shared by the engines of a process. */
  readonly metrics: EngineMetrics;
  readonly log: EngineLog;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Rows of the outbox are published to Kafka as well. Without it they are not. */
  readonly publication?: Publication<C>;
  /** A bug or a consumer that cannot be kept running: the process must end with this reason. */
  readonly onFatal: (reason: string, error?: unknown) => void;
  /** Tests stop, break or delay the engine at its steps. Those of the publication are the publisher's own to tell. */
  readonly onStep?: OnEngineStep;
}
