import { setTimeout as delay } from 'node:timers/promises';
import type { PartitionControl } from '@streaks/exactly-once/assignment/assignment';
import type { OwnedPartition } from '@streaks/exactly-once/assignment/owned-partition';
import { judgeBatch, type ReadableBatch } from '@streaks/exactly-once/consumer/read-batch';
import { startConsumer } from '@streaks/exactly-once/consumer/start-consumer';
import type { SourceRecord } from '@streaks/exactly-once/projection';
import type { Kafka } from 'kafkajs';
import { isReached, type Positions } from '../schema/positions';

export interface Taken {
  readonly records: readonly SourceRecord[];
  /** Where the partitions stand once the records are applied; skipped offsets are covered too. */
  readonly positions: Positions;
}

/** The log from given positions on, committed records only, read ahead into bounded memory. */
export interface LogTail {
  /**
   * Records below the targets, at most `limit`: waits until there are some, or until all targets are reached. Taken records stay
   * here until `confirm`. @throws when the log cannot be read on, or nothing comes for `patienceMs`
   */
  take(targets: Positions, limit: number): Promise<Taken>;
  /** What was taken has been committed. */
  confirm(): void;
  /** What was taken since the last `confirm` was rolled back and will be taken again. */
  giveBack(): void;
  close(): Promise<void>;
}

export interface LogTailOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly topicId: string;
  /** A group of its own: it never commits an offset. */
  readonly groupId: string;
  readonly from: Positions;
  readonly patienceMs: number;
}

const MAX_WAITING_RECORDS = 40_000;
const SESSION_TIMEOUT_MS = 30_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const MAX_WAIT_MS = 50;
const METADATA_MAX_AGE_MS = 30_000;
const STOP_MS = 5_000;
const POLL_MS = 5;

/** A partition being read; `owned.fetchCursor` is the next offset expected from Kafka. */
interface TailPartition {
  readonly owned: OwnedPartition;
  records: SourceRecord[];
  taken: SourceRecord[];
}

export async function startLogTail(options: LogTailOptions): Promise<LogTail> {
  const { topic, topicId, from, patienceMs } = options;
  const partitions = new Map(
    [...from].map(([partition, offset]) => [partition, newPartition(partition, topicId, offset)]),
  );
  let failure: Error | undefined;
  let isClosed = false;
  let control: PartitionControl | undefined;
  const waiting = () => [...partitions.values()].reduce((sum, { records }) => sum + records.length, 0);

  const onBatch = async (batch: ReadableBatch, isAbandoned: () => boolean): Promise<bigint | undefined> => {
    const tail = partitions.get(batch.partition);
    if (tail === undefined || failure !== undefined) return undefined;
    while (waiting() > MAX_WAITING_RECORDS && !isClosed && !isAbandoned()) await delay(POLL_MS);
    if (isClosed || isAbandoned()) return undefined;
    const verdict = judgeBatch(batch, tail.owned);
    if (verdict.kind === 'unreadable') {
      failure = new Error(
        `partition ${batch.partition} cannot be read at offset ${tail.owned.fetchCursor}: ${verdict.error.message}; use --from sessions`,
      );
      return undefined;
    }
    if (verdict.kind === 'wrong-position') {
      control?.resumeAt(batch.partition, tail.owned.fetchCursor);
      return undefined;
    }
    for (const record of verdict.records) tail.records.push(record);
    tail.owned.fetchCursor = verdict.nextOffset;
    return verdict.nextOffset - 1n;
  };

  const consumer = await startConsumer(
    options.kafka,
    {
      topic,
      groupId: options.groupId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      maxWaitMs: MAX_WAIT_MS,
      metadataMaxAgeMs: METADATA_MAX_AGE_MS,
    },
    {
      onAssigned: (assigned, given) => {
        control = given;
        for (const partition of assigned) {
          const tail = partitions.get(partition);
          if (tail === undefined) given.pause([partition]);
          else given.resumeAt(partition, tail.owned.fetchCursor);
        }
      },
      onBatch,
      onSkipped: (partition, fetchedOffset, lastOffset) => {
        const tail = partitions.get(partition);
        if (tail?.owned.fetchCursor === fetchedOffset) tail.owned.fetchCursor = lastOffset + 1n;
      },
      onHighWatermark: () => undefined,
      onFetched: () => undefined,
      onCrash: (error) => {
        failure = new Error(`the log can no longer be read: ${error.message}`, { cause: error });
      },
    },
  );

  return {
    async take(targets, limit) {
      const deadlineMs = performance.now() + patienceMs;
      for (;;) {
        if (failure !== undefined) throw failure;
        const taken = takeBelow(partitions, targets, limit);
        if (taken.records.length > 0 || isReached(taken.positions, targets)) return taken;
        if (performance.now() > deadlineMs) throw new Error(`no record came for ${patienceMs} ms: is Kafka away?`);
        await delay(POLL_MS);
      }
    },
    confirm() {
      for (const tail of partitions.values()) tail.taken = [];
    },
    giveBack() {
      for (const tail of partitions.values()) {
        tail.records = [...tail.taken, ...tail.records];
        tail.taken = [];
      }
    },
    async close() {
      isClosed = true;
      await consumer.stop(STOP_MS);
    },
  };
}

function takeBelow(partitions: ReadonlyMap<number, TailPartition>, targets: Positions, limit: number): Taken {
  const records: SourceRecord[] = [];
  const positions = new Map<number, bigint>();
  for (const [partition, tail] of partitions) {
    const target = targets.get(partition) ?? 0n;
    let count = 0;
    while (records.length + count < limit && (tail.records[count]?.offset ?? target) < target) count += 1;
    const taken = tail.records.splice(0, count);
    for (const record of taken) {
      records.push(record);
      tail.taken.push(record);
    }
    // Up to the next record at hand, or to where reading is: what lies between holds nothing for us.
    const reached = tail.records[0]?.offset ?? tail.owned.fetchCursor;
    positions.set(partition, reached < target ? reached : target);
  }
  return { records, positions };
}

function newPartition(partition: number, topicId: string, fetchCursor: bigint): TailPartition {
  return {
    owned: {
      partition,
      topicId,
      epoch: 0n,
      fetchCursor,
      appliedOffset: fetchCursor,
      pendingRecords: 0,
      refusedInARow: 0,
      lastMovedMs: 0,
      lastAppliedTimestampMs: undefined,
      isCurrent: true,
    },
    records: [],
    taken: [],
  };
}
