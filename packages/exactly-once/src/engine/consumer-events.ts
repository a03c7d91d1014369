import type { Assignment } from '../assignment/assignment';
import { createBadShareWatch } from '../consumer/bad-share';
import { handleBatch } from '../consumer/handle-batch';
import type { ConsumerEvents } from '../consumer/start-consumer';
import type { EngineOptions } from '../engine-options';
import type { Change } from '../projection';
import type { Lanes } from './create-lanes';
import type { LagTracker } from './lag';

interface ConsumerParts<Event> {
  readonly assignment: Assignment;
  readonly lanes: Lanes<Event>;
  readonly lag: LagTracker;
  readonly wait: (ms: number) => Promise<void>;
}

/** What the engine does about each event of its consumer, whichever instance of it is running. */
export function createConsumerEvents<Event, C extends Change, Outcome>(
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
      metrics.decodeFailures.inc({ topic });
      log.warn({ topic, err: error }, 'decode_waits');
    },
    onRefused: (partition: number) => {
      metrics.refusedPositions.inc({ topic });
      log.warn({ topic, partition }, 'batch_position_refused');
    },
    maxBatchRecords: tuning.maxBatchRecords,
    onStep: options.onStep,
  };
  return {
    onAssigned: (partitions, control) => {
      metrics.rebalances.inc({ topic });
      log.info({ topic, partitions }, 'partitions_assigned');
      assignment.begin(partitions, control);
    },
    onBatch: async (batch, isAbandoned) => {
      try {
        return await handleBatch<Event>(batch, ports, isAbandoned);
      } catch (error) {
        options.onFatal(`handling a batch of ${topic} failed for a reason that repeating cannot cure`, error);
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
