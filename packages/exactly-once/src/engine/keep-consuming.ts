import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment } from '../assignment/assignment';
import { type ConsumerEvents, startConsumer } from '../consumer/start-consumer';
import { createStoreWatch } from '../consumer/store-watch';
import { type ConsumerLife, type Supervisor, supervise } from '../consumer/supervise';
import type { EngineOptions } from '../engine-options';
import type { Change } from '../projection';
import type { Lanes } from './create-lanes';

interface KeepConsumingParts<Event> {
  readonly assignment: Assignment;
  readonly lanes: Lanes<Event>;
  readonly events: Omit<ConsumerEvents, 'onFetched' | 'onCrash'>;
  /** A partition that stands still, in words. */
  readonly findStall: () => string | undefined;
  readonly wait: (ms: number) => Promise<void>;
}

export interface ConsumerKeeper extends Supervisor {
  /** A batch of the partition is being decoded or waits for room. */
  isInHand(partition: number): boolean;
}

const REBUILD_BACKOFF_MAX_MS = 15_000;
const CONSUMER_STOP_MS = 5_000;
const STORE_ANSWER_MS = 5_000;

/** Keeps one consumer running, and none while Postgres does not answer: whom Kafka still hears must not hold what others could work. */
export function keepConsuming<Event, C extends Change, Outcome>(
  options: EngineOptions<Event, C, Outcome>,
  { assignment, lanes, events, wait, ...parts }: KeepConsumingParts<Event>,
): ConsumerKeeper {
  const { topic, tuning, metrics, log, nowMs } = options;
  const inHand = new Set<number>();
  let lastFetchMs = nowMs();
  const storeWatch = createStoreWatch({
    waitingMs: lanes.waitingMs,
    ask: () => options.pool.query('SELECT 1'),
    silenceMs: tuning.stallMs,
    answerTimeoutMs: STORE_ANSWER_MS,
    wait: (ms) => delay(ms, undefined, { ref: false }),
  });

  /** One that was replaced may hang, come back and rejoin: what it is told then is not ours to act on. */
  const whileAlive = ({ isOver, onCrash }: ConsumerLife): ConsumerEvents => ({
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
  });

  const findStall = (): string | undefined => {
    if (storeWatch.isAwaiting) return undefined;
    const silence = storeWatch.findSilence();
    if (silence !== undefined) return silence;
    const quietMs = nowMs() - lastFetchMs;
    // Joining may take as long as the slowest member is given, and is no stall.
    const isQuiet = quietMs > tuning.stallMs + tuning.rebalanceTimeoutMs;
    const isWaiting = inHand.size > 0 || lanes.isBusy(); // for a store: no stall of the consumer
    return isQuiet && !isWaiting ? `nothing fetched for ${Math.round(quietMs / 1000)} s` : parts.findStall();
  };

  const supervisor = supervise({
    start: async (life) => {
      await storeWatch.untilAnswers(life.isOver);
      lastFetchMs = nowMs();
      const settings = { ...tuning, topic, groupId: options.groupId };
      return startConsumer(options.createKafka('consumer'), settings, whileAlive(life));
    },
    findStall,
    progressMark: lanes.committedBatches,
    checkEveryMs: tuning.checkEveryMs,
    maxRebuildsWithoutProgress: tuning.maxRebuilds,
    backoffMaxMs: REBUILD_BACKOFF_MAX_MS,
    stopDeadlineMs: CONSUMER_STOP_MS,
    wait,
    onRebuild: (reason, rebuilds) => {
      metrics.rebuilds.inc({ topic });
      log.warn({ topic, reason, rebuilds }, 'consumer_rebuilt');
      const isStoreSilent = storeWatch.findSilence() !== undefined;
      assignment.end();
      if (isStoreSilent) void lanes.abandon(); // what hangs would end with the connection only
    },
    onGiveUp: (reason) => options.onFatal(`the consumer of ${topic} could not be kept running: ${reason}`),
  });
  return { ...supervisor, isInHand: (partition) => inHand.has(partition) };
}
