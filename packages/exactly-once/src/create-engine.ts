import { setTimeout as delay } from 'node:timers/promises';
import { createAssignment } from './assignment/assignment';
import type { OwnedPartition, PartitionState } from './assignment/owned-partition';
import { createBadShareWatch } from './consumer/bad-share';
import { handleBatch } from './consumer/handle-batch';
import { createLogReader } from './consumer/log-reader';
import { type ConsumerEvents, startConsumer } from './consumer/start-consumer';
import { createStoreWatch } from './consumer/store-watch';
import { supervise } from './consumer/supervise';
import { createLanes } from './create-lanes';
import type { EngineOptions } from './engine-options';
import { createLagTracker } from './lag';
import { startMaintenance } from './maintenance';
import type { Change } from './projection';
import { createRelay } from './relay/relay';
import { moveProjectedMarks, readShardMarks } from './sql/outbox';

export interface EngineStatus {
  readonly partitions: ReadonlyMap<number, PartitionState>;
  /** Sum over the partitions of this process. */
  readonly lagRecords: bigint;
}

export interface Engine {
  status(): EngineStatus;
  /** Stop fetching → finish the transactions at hand → leave the group → drain the relay. */
  stop(deadlineMs: number): Promise<void>;
}

const RELAY_POLL_MIN_MS = 50;
const RELAY_POLL_MAX_MS = 1_000;
const RELAY_MARK_EVERY_MS = 200;
const REBUILD_BACKOFF_MAX_MS = 15_000;
const CONSUMER_STOP_MS = 5_000;
const STORE_ANSWER_MS = 5_000;

/** Starts moving a topic into Postgres, exactly once. Returns at once; it keeps trying while a server is away. */
export function startEngine<Event, C extends Change, Outcome>(options: EngineOptions<Event, C, Outcome>): Engine {
  const { topic, tuning, metrics, log, nowMs } = options;
  const wait = (ms: number) => delay(ms);
  const lag = createLagTracker();
  const logReader = createLogReader({
    topic,
    createKafka: () => options.createKafka('admin'),
    fetchTopicId: options.fetchTopicId,
    onHighWatermark: lag.sawHighWatermark,
  });
  const relay = startRelay(options);

  const assignment = createAssignment({
    topic,
    owner: options.owner,
    store: options.pool,
    log: logReader,
    wait,
    jitter: options.random,
    nowMs,
    onStep: options.onStep,
    onChange: (states) => {
      const shards = shardsOf(states, options.shardCount, logReader.partitionCount());
      relay.setShards(shards);
      options.publication?.publisher.setShards(shards);
      showStates(metrics, states);
    },
    onClaimError: (partition, error) => log.warn({ partition, err: error }, 'partition_claim_failed'),
    onHalt: (partition, reason, detail) => {
      metrics.halts.inc({ reason });
      log.error({ topic, partition, reason, detail }, 'partition_halted');
    },
  });
  const lanes = createLanes(
    options,
    relay,
    (owned: OwnedPartition) => {
      metrics.fences.inc();
      log.warn({ topic, partition: owned.partition, epoch: String(owned.epoch) }, 'partition_fenced');
      assignment.reclaim(owned);
    },
    wait,
  );
  const maintenance = startMaintenance<Event>({
    assignment,
    lag,
    log: logReader,
    laneOf: lanes.of,
    tuning,
    metrics,
    nowMs,
    isInHand: (partition) => inHand.has(partition),
    onStall: ({ partition }, seconds) => log.warn({ topic, partition, seconds }, 'partition_stands_still'),
    mirror: async (offsets) => supervisor.consumer()?.mirror(offsets),
    onError: (error) => log.warn({ err: error }, 'maintenance_failed'),
  });

  const storeWatch = createStoreWatch({
    waitingMs: lanes.waitingMs,
    ask: () => options.pool.query('SELECT 1'),
    silenceMs: tuning.stallMs,
    answerTimeoutMs: STORE_ANSWER_MS,
    wait: (ms) => delay(ms, undefined, { ref: false }),
  });
  let lastFetchMs = nowMs();
  const inHand = new Set<number>();
  const events = createConsumerEvents(options, { assignment, lanes, lag, wait });
  const supervisor = supervise({
    start: async ({ isOver, onCrash }) => {
      // Whom Postgres does not answer must not hold partitions that others could work.
      await storeWatch.untilAnswers(isOver);
      lastFetchMs = nowMs();
      return startConsumer(
        options.createKafka('consumer'),
        { ...tuning, topic, groupId: options.groupId },
        {
          // One that was replaced may hang, come back and rejoin: what it is told then is not ours to act on.
          onAssigned: (partitions, control) => {
            if (!isOver()) events.onAssigned(partitions, control);
          },
          onBatch: async (batch, isAbandoned) => {
            if (isOver()) return undefined;
            inHand.add(batch.partition);
            try {
              return await events.onBatch(batch, () => isOver() || isAbandoned());
            } finally {
              inHand.delete(batch.partition);
              lastFetchMs = nowMs();
            }
          },
          onSkipped: (...skipped) => {
            if (!isOver()) events.onSkipped(...skipped);
          },
          onHighWatermark: events.onHighWatermark,
          onFetched: () => {
            if (!isOver()) lastFetchMs = nowMs();
          },
          onCrash,
        },
      );
    },
    findStall: () => {
      if (storeWatch.isAwaiting) return undefined;
      const silence = storeWatch.findSilence();
      if (silence !== undefined) return silence;
      const quietMs = nowMs() - lastFetchMs;
      // Joining may take as long as the slowest member is given, and is no stall.
      const isQuiet = quietMs > tuning.stallMs + tuning.rebalanceTimeoutMs;
      const isWaiting = inHand.size > 0 || lanes.isBusy(); // for a store: no stall of the consumer
      return isQuiet && !isWaiting ? `nothing fetched for ${Math.round(quietMs / 1000)} s` : maintenance.findStall();
    },
    progressMark: lanes.committedBatches,
    checkEveryMs: tuning.checkEveryMs,
    maxRebuildsWithoutProgress: tuning.maxRebuilds,
    backoffMaxMs: REBUILD_BACKOFF_MAX_MS,
    stopDeadlineMs: CONSUMER_STOP_MS,
    wait,
    onRebuild: (reason, rebuilds) => {
      metrics.rebuilds.inc();
      log.warn({ reason, rebuilds }, 'consumer_rebuilt');
      const isStoreSilent = storeWatch.findSilence() !== undefined;
      assignment.end();
      if (isStoreSilent) void lanes.abandon(); // what hangs would end with the connection only
    },
    onGiveUp: (reason) => options.onFatal(`the consumer could not be kept running: ${reason}`),
  });

  return {
    status: () => ({ partitions: assignment.states(), lagRecords: maintenance.lagRecords() }),
    async stop(deadlineMs) {
      const endsMs = nowMs() + deadlineMs;
      let giveUp: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        giveUp = setTimeout(() => {
          // A transaction that waits for a store that is away ends when its partitions are no longer ours, one that hangs
          // when its connection is cut. Nothing is lost: it was committed, or will be read again.
          assignment.end();
          void lanes.abandon().finally(resolve);
        }, deadlineMs);
      });
      const orDeadline = (work: Promise<unknown>) => Promise.race([work, deadline]);
      const stopped = maintenance.stop(); // at the latest when Kafka's own timeouts end; nothing waits for it but the deadline
      const leaving = supervisor.stop(); // batches that wait for room are abandoned
      await orDeadline(lanes.close());
      await orDeadline(Promise.all([leaving, stopped]));
      const leftMs = Math.max(0, endsMs - nowMs());
      await Promise.all([relay.close(leftMs), options.publication?.publisher.close(leftMs)]);
      clearTimeout(giveUp);
      assignment.end();
      await orDeadline(Promise.race([logReader.close(), delay(CONSUMER_STOP_MS, undefined, { ref: false })]));
    },
  };
}

function startRelay<Event, C extends Change, Outcome>(options: EngineOptions<Event, C, Outcome>) {
  const { tuning, metrics, log } = options;
  return createRelay<C>({
    sink: options.sink,
    readMarks: (shards) => readShardMarks(options.pool, shards),
    moveMarks: (marks) => moveProjectedMarks(options.pool, marks),
    maxWaitingRows: tuning.relayMaxWaitingRows,
    pageRows: tuning.relayPageRows,
    pollMinMs: RELAY_POLL_MIN_MS,
    pollMaxMs: RELAY_POLL_MAX_MS,
    markEveryMs: RELAY_MARK_EVERY_MS,
    nowMs: options.nowMs,
    onStep: options.onStep,
    onWritten: (rows) => metrics.relayRows.inc(rows),
    onBacklog: (rows) => metrics.relayBacklog.set(rows),
    onError: (error) => {
      metrics.relayErrors.inc();
      log.warn({ err: error }, 'relay_write_failed');
    },
  });
}

interface ConsumerParts<Event> {
  readonly assignment: ReturnType<typeof createAssignment>;
  readonly lanes: ReturnType<typeof createLanes<Event, Change, unknown>>;
  readonly lag: ReturnType<typeof createLagTracker>;
  readonly wait: (ms: number) => Promise<void>;
}

/** What the engine does about each event of its consumer, whichever instance of it is running. */
function createConsumerEvents<Event, C extends Change, Outcome>(
  options: EngineOptions<Event, C, Outcome>,
  { assignment, lanes, lag, wait }: ConsumerParts<Event>,
): Omit<ConsumerEvents, 'onFetched' | 'onCrash'> {
  const { topic, tuning, metrics, log } = options;
  const hasTooManyBad = createBadShareWatch({ maxShare: tuning.maxBadShare, minRecords: tuning.minBadRecords });
  const ports = {
    active: assignment.active,
    laneOf: lanes.of,
    decode: options.projection.decode,
    seek: assignment.seek,
    reclaim: assignment.reclaim,
    halt: assignment.halt,
    hasTooManyBad,
    wait,
    onDecodeFailed: (error: unknown) => {
      metrics.decodeFailures.inc();
      log.warn({ err: error }, 'decode_waits');
    },
    onRefused: (partition: number) => {
      metrics.refusedPositions.inc();
      log.warn({ topic, partition }, 'batch_position_refused');
    },
    maxBatchRecords: tuning.maxBatchRecords,
    onStep: options.onStep,
  };
  return {
    onAssigned: (partitions, control) => {
      metrics.rebalances.inc();
      log.info({ topic, partitions }, 'partitions_assigned');
      assignment.begin(partitions, control);
    },
    onBatch: async (batch, isAbandoned) => {
      try {
        return await handleBatch<Event>(batch, ports, isAbandoned);
      } catch (error) {
        options.onFatal('handling a batch failed for a reason that repeating cannot cure', error);
        return undefined;
      }
    },
    onSkipped: (partition, fetchedOffset, lastOffset) => {
      const owned = assignment.active(partition);
      if (!owned || owned.fetchCursor !== fetchedOffset) return;
      owned.fetchCursor = lastOffset + 1n;
      owned.lastMovedMs = options.nowMs();
    },
    onHighWatermark: lag.sawHighWatermark,
  };
}

function showStates(
  metrics: EngineOptions<never, Change, unknown>['metrics'],
  states: ReadonlyMap<number, PartitionState>,
) {
  metrics.assigned.reset();
  metrics.halted.reset();
  for (const state of states.values()) {
    metrics.assigned.inc({ state: state.kind });
    if (state.kind === 'halted') metrics.halted.inc({ reason: state.reason });
  }
}

/**
 * Shard s is worked by the process that partition s modulo their number is assigned to, whatever the partition's state: its
 * rows come from all partitions, and a halted one must not keep those of the others from the sink. Two workers for a moment
 * do no harm.
 */
function shardsOf(states: ReadonlyMap<number, PartitionState>, shardCount: number, partitions: number): number[] {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  return partitions === 0 ? [] : shards.filter((shard) => states.has(shard % partitions));
}
