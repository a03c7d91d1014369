import type { Lane } from './apply/lane';
import type { Assignment } from './assignment/assignment';
import type { OwnedPartition } from './assignment/owned-partition';
import type { OpenLogReader } from './consumer/log-reader';
import type { EngineTuning } from './engine-options';
import type { LagTracker } from './lag';
import type { EngineMetrics } from './metrics';

export interface MaintenanceOptions<Event> {
  readonly assignment: Assignment;
  readonly lag: LagTracker;
  readonly log: OpenLogReader;
  readonly laneOf: (partition: number) => Lane<Event>;
  readonly tuning: EngineTuning;
  readonly metrics: EngineMetrics;
  readonly nowMs: () => number;
  readonly mirror: (offsets: readonly { partition: number; offset: bigint }[]) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

export interface Maintenance {
  lagRecords(): bigint;
  /** Records wait in Kafka, nothing is at hand and nothing has moved for too long. */
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
  let isStopped = false;
  let nextTopicCheckMs = nowMs() + tuning.topicCheckEveryMs;

  const owned = (): OwnedPartition[] =>
    [...assignment.states().values()].flatMap((state) => (state.kind === 'active' ? [state.owned] : []));

  const writeSkippedOffsets = () => {
    for (const partition of owned()) {
      const isIdle = partition.pendingRecords === 0 && nowMs() - partition.lastMovedMs >= tuning.idleWriteMs;
      if (!isIdle || partition.fetchCursor <= partition.appliedOffset) continue;
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
    for (const partition of moved) mirrored.set(partition, partition.appliedOffset);
    await options.mirror(offsets);
  };

  const checkTopic = async () => {
    nextTopicCheckMs = nowMs() + tuning.topicCheckEveryMs;
    const watermarks = await options.log.readWatermarks();
    for (const [partition, { high }] of watermarks) lag.sawHighWatermark(partition, high);
    const topicId = await options.log.readTopicId();
    for (const partition of owned()) {
      if (partition.topicId === topicId) continue;
      assignment.halt(partition, 'TOPIC_RECREATED', `claimed on topic id ${partition.topicId}, it now is ${topicId}`);
    }
  };

  const showLag = () => {
    metrics.lagRecords.reset();
    metrics.lagSeconds.reset();
    for (const partition of owned()) {
      const labels = { partition: String(partition.partition) };
      metrics.lagRecords.set(labels, Number(lag.records(partition)));
      metrics.lagSeconds.set(labels, lag.seconds(partition, nowMs()));
    }
  };

  const tick = async () => {
    writeSkippedOffsets();
    showLag();
    if (nowMs() >= nextTopicCheckMs) await checkTopic();
    await mirrorPositions().catch(() => undefined); // for monitors only; the next one tells the same
  };

  let running: Promise<void> = Promise.resolve();
  let isTicking = false;
  const timer = setInterval(() => {
    if (isTicking || isStopped) return;
    isTicking = true;
    running = tick()
      .catch(options.onError)
      .finally(() => {
        isTicking = false;
      });
  }, tuning.checkEveryMs);

  return {
    lagRecords: () => owned().reduce((sum, partition) => sum + lag.records(partition), 0n),
    findStall() {
      const stuck = owned().find(
        (partition) => lag.records(partition) > 0n && nowMs() - partition.lastMovedMs > tuning.stallMs,
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
