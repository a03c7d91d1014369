import type { Lane } from '../apply/lane';
import type { Assignment } from '../assignment/assignment';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { OpenLogReader } from '../consumer/log-reader';
import type { EngineTuning } from '../engine-options';
import type { EngineMetrics } from '../metrics';
import type { LagTracker } from './lag';
import { createOwnSeries } from './own-series';

export interface MaintenanceOptions<Event> {
  readonly topic: string;
  readonly assignment: Assignment;
  readonly lag: LagTracker;
  readonly log: OpenLogReader;
  readonly laneOf: (partition: number) => Lane<Event>;
  readonly tuning: EngineTuning;
  readonly metrics: EngineMetrics;
  readonly nowMs: () => number;
  /** A batch of the partition is being decoded or waits for room. */
  readonly isInHand: (partition: number) => boolean;
  readonly onStall: (owned: OwnedPartition, seconds: number) => void;
  readonly mirror: (offsets: readonly { partition: number; offset: bigint }[]) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

export interface Maintenance {
  lagRecords(): bigint;
  /** Records wait in Kafka, nothing is at hand, nothing has moved for too long, and a new claim has not cured it. */
  findStall(): string | undefined;
  stop(): Promise<void>;
}

/**
 * What happens beside the flow of records: offsets skipped without a record are written once it is idle, the position is
 * mirrored to the Kafka group for lag monitors, watermarks and the topic's id are looked at.
 */
export function startMaintenance<Event>(options: MaintenanceOptions<Event>): Maintenance {
  const { assignment, lag, tuning, metrics, nowMs } = options;
  const mirrored = new WeakMap<OwnedPartition, bigint>();
  /** Where partitions stood when they were claimed anew for standing still. */
  const reclaimedAt = new Map<number, bigint>();
  const skipsWritten = new WeakMap<OwnedPartition, bigint>();
  const showLagRecords = createOwnSeries(metrics.lagRecords);
  const showLagSeconds = createOwnSeries(metrics.lagSeconds);
  let isStopped = false;
  let nextTopicCheckMs = nowMs() + tuning.topicCheckEveryMs;

  const owned = (): OwnedPartition[] =>
    [...assignment.states().values()].flatMap((state) => (state.kind === 'active' ? [state.owned] : []));

  const writeSkippedOffsets = () => {
    for (const partition of owned()) {
      const isIdle = partition.pendingRecords === 0 && nowMs() - partition.lastMovedMs >= tuning.idleWriteMs;
      if (!isIdle || partition.fetchCursor <= partition.appliedOffset) continue;
      // While Postgres is away nothing is taken from the lane: one such batch must wait there, not one for each second.
      if (skipsWritten.get(partition) === partition.fetchCursor) continue;
      skipsWritten.set(partition, partition.fetchCursor);
      partition.lastMovedMs = nowMs();
      options.laneOf(partition.partition).enqueue({
        owned: partition,
        events: [],
        rejected: [],
        nextOffset: partition.fetchCursor,
      });
    }
  };

  const mirrorPositions = async () => {
    const moved = owned().filter((partition) => mirrored.get(partition) !== partition.appliedOffset);
    if (moved.length === 0) return;
    const offsets = moved.map((partition) => ({ partition: partition.partition, offset: partition.appliedOffset }));
    await options.mirror(offsets);
    moved.forEach((partition, i) => {
      mirrored.set(partition, offsets[i]?.offset ?? 0n);
    });
  };

  const stallMsOf = (partition: OwnedPartition): number => {
    const isWorking = partition.pendingRecords > 0 || options.isInHand(partition.partition);
    const stillMs = lag.stillMs(partition, nowMs());
    return isWorking || stillMs <= tuning.stallMs ? 0 : stillMs;
  };

  /** First its position is asked of Postgres and Kafka again and the consumer sent there: that disturbs no other partition. */
  const reclaimStalled = () => {
    for (const partition of owned()) {
      const stillMs = stallMsOf(partition);
      if (stillMs === 0 || reclaimedAt.get(partition.partition) === partition.appliedOffset) continue;
      reclaimedAt.set(partition.partition, partition.appliedOffset);
      options.onStall(partition, stillMs / 1000);
      assignment.reclaim(partition);
    }
  };

  const checkTopic = async () => {
    nextTopicCheckMs = nowMs() + tuning.topicCheckEveryMs;
    await options.log.readWatermarks(); // for the lag of partitions that are not fetched
    const topicId = await options.log.readTopicId();
    for (const partition of owned()) {
      if (partition.topicId === topicId) continue;
      assignment.halt(partition, 'TOPIC_RECREATED', `claimed on topic id ${partition.topicId}, it now is ${topicId}`);
    }
    await assignment.resumeCleared();
  };

  const showLag = () => {
    const partitions = owned().map((partition) => ({
      partition,
      labels: { topic: options.topic, partition: String(partition.partition) },
    }));
    showLagRecords(partitions.map(({ partition, labels }) => ({ labels, value: Number(lag.records(partition)) })));
    showLagSeconds(partitions.map(({ partition, labels }) => ({ labels, value: lag.seconds(partition, nowMs()) })));
  };

  /** Asks Kafka, which may be away for long: the rest of a tick does not wait for it. */
  const askKafka = async () => {
    if (nowMs() >= nextTopicCheckMs) await checkTopic();
    await mirrorPositions().catch(() => undefined); // for monitors only; the next one tells the same
  };

  let running: Promise<void> = Promise.resolve();
  let isAsking = false;
  const timer = setInterval(() => {
    writeSkippedOffsets();
    showLag();
    reclaimStalled();
    if (isAsking || isStopped) return;
    isAsking = true;
    running = askKafka()
      .catch(options.onError)
      .finally(() => {
        isAsking = false;
      });
  }, tuning.checkEveryMs);

  return {
    lagRecords: () => owned().reduce((sum, partition) => sum + lag.records(partition), 0n),
    findStall() {
      const stuck = owned().find(
        (partition) => stallMsOf(partition) > 0 && reclaimedAt.get(partition.partition) === partition.appliedOffset,
      );
      return stuck && `partition ${stuck.partition} has lag and has not moved for ${tuning.stallMs / 1000} s`;
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
      await mirrorPositions().catch(() => undefined);
    },
  };
}
