import type { Consumer, Kafka } from 'kafkajs';
import type { PartitionControl } from '../assignment/assignment';
import { startHeartbeats } from './heartbeats';
import { createPartitionControl } from './partition-control';
import type { ReadableBatch } from './read-batch';

export interface ConsumerSettings {
  readonly topic: string;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly metadataMaxAgeMs: number;
}

export interface ConsumerEvents {
  /** Synchronous: nothing of the new assignment has been fetched yet. */
  readonly onAssigned: (partitions: readonly number[], control: PartitionControl) => void;
  /** The last offset kafkajs may move past, or undefined. */
  readonly onBatch: (batch: ReadableBatch, isAbandoned: () => boolean) => Promise<bigint | undefined>;
  /** kafkajs skipped a batch that held nothing for us: control records, aborted ones. */
  readonly onSkipped: (partition: number, fetchedOffset: bigint, lastOffset: bigint) => void;
  readonly onHighWatermark: (partition: number, highWatermark: bigint) => void;
  readonly onFetched: () => void;
  readonly onCrash: (error: Error) => void;
}

export interface RunningConsumer {
  /** Positions for lag monitors only; nobody reads them back. Failures do not matter. */
  mirror(offsets: readonly { partition: number; offset: bigint }[]): Promise<void>;
  /** Leaves the group. Bounded: a consumer that hangs is left behind. */
  stop(deadlineMs: number): Promise<void>;
}

/** Measured: 1 MiB a partition keeps the pipe full, 4 MiB stalls it. Not below what one record batch may have by default. */
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
/** Of one response, and with it of what a process holds decoded: our patch lets the partitions take turns in it. */
const MAX_BYTES = 4 * 1024 * 1024;
const PARTITIONS_AT_ONCE = 12;

/** @throws when the group cannot be joined at all */
export async function startConsumer(
  kafka: Kafka,
  settings: ConsumerSettings,
  events: ConsumerEvents,
): Promise<RunningConsumer> {
  const { topic } = settings;
  const consumer = kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    heartbeatInterval: Math.floor(settings.sessionTimeoutMs / 10),
    maxWaitTimeInMs: settings.maxWaitMs,
    minBytes: 1,
    maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    maxBytes: MAX_BYTES,
    metadataMaxAge: settings.metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    readUncommitted: false,
    retry: {
      initialRetryTime: 100,
      maxRetryTime: Math.floor(settings.sessionTimeoutMs / 4), // no heartbeat is sent during a back-off
      retries: 8,
      restartOnFailure: async () => false, // the supervisor builds a fresh one
    },
  });
  listen(consumer, topic, events);
  try {
    await run(consumer, settings, events);
  } catch (error) {
    await consumer.disconnect().catch(() => undefined); // each failed start would leave its connections behind
    throw error;
  }
  return {
    async mirror(offsets) {
      await consumer.commitOffsets(
        offsets.map(({ partition, offset }) => ({ topic, partition, offset: offset.toString() })),
      );
    },
    async stop(deadlineMs) {
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, deadlineMs).unref());
      await Promise.race([consumer.disconnect().catch(() => undefined), deadline]);
    },
  };
}

async function run(consumer: Consumer, settings: ConsumerSettings, events: ConsumerEvents): Promise<void> {
  const { topic } = settings;
  await consumer.connect();
  // A partition added later would otherwise start at "latest" and lose what was written before it was found.
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    eachBatch: async ({ batch, heartbeat, resolveOffset, isRunning }) => {
      const heartbeats = startHeartbeats(heartbeat, Math.floor(settings.sessionTimeoutMs / 8));
      try {
        events.onHighWatermark(batch.partition, BigInt(batch.highWatermark));
        const resolved = await events.onBatch(batch, () => heartbeats.isLost() || !isRunning());
        if (resolved !== undefined) resolveOffset(resolved.toString());
      } finally {
        heartbeats.stop();
      }
    },
  });
}

function listen(consumer: Consumer, topic: string, events: ConsumerEvents): void {
  const control = createPartitionControl(consumer, topic);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    events.onAssigned(payload.memberAssignment[topic] ?? [], control);
  });
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
    events.onHighWatermark(payload.partition, BigInt(payload.highWatermark));
    if (payload.batchSize > 0) return;
    // Our patch of kafkajs adds the offset the batch was asked for: without it a silent reset could pass for progress.
    const { fetchedOffset } = payload as typeof payload & { fetchedOffset: string };
    events.onSkipped(payload.partition, BigInt(fetchedOffset), BigInt(payload.lastOffset));
  });
  consumer.on(consumer.events.FETCH, () => events.onFetched());
  consumer.on(consumer.events.CRASH, ({ payload }) => events.onCrash(payload.error));
}
