import { setTimeout as delay } from 'node:timers/promises';
import type { NumberedRows } from './apply/number-and-save';
import { type Assignment, createAssignment } from './assignment/assignment';
import type { OwnedPartition, PartitionState } from './assignment/owned-partition';
import { createLogReader, type OpenLogReader } from './consumer/log-reader';
import { createConsumerEvents } from './engine/consumer-events';
import { createLanes } from './engine/create-lanes';
import { type ConsumerKeeper, keepConsuming } from './engine/keep-consuming';
import { createLagTracker } from './engine/lag';
import { startMaintenance } from './engine/maintenance';
import { createOutputs, type Outputs } from './engine/outputs';
import { createStateGauges, shardsOf } from './engine/partition-states';
import { stopWithin } from './engine/stop-within';
import type { EngineOptions } from './engine-options';
import { showCountersOf } from './metrics';
import type { Change } from './projection';

export interface EngineStatus {
  readonly partitions: ReadonlyMap<number, PartitionState>;
  /** Sum over the partitions of this process. */
  readonly lagRecords: bigint;
}

export interface Engine<C extends Change = never> {
  status(): EngineStatus;
  /**
   * Rows that a transaction beside this engine numbered with `numberAndSave` and committed, for its sink and publication. Only
   * a saving: rows that nobody offers are found in the outbox within a second.
   */
  offer(rows: NumberedRows<C>): void;
  /** Stop fetching → finish the transactions at hand → leave the group → drain the relay. */
  stop(deadlineMs: number): Promise<void>;
}

/**
 * Starts moving a topic into Postgres, exactly once. Returns at once; it keeps trying while a server is away. Several engines
 * of one process share metrics, pools and the outbox; each has a topic and a group of its own, and one of them the sink and
 * the publication, for the rows of all.
 */
export function startEngine<Event, C extends Change, Outcome>(options: EngineOptions<Event, C, Outcome>): Engine<C> {
  const { topic, tuning, metrics, log, nowMs } = options;
  showCountersOf(metrics, topic);
  const wait = (ms: number) => delay(ms);
  const lag = createLagTracker();
  const logReader = createLogReader({
    topic,
    createKafka: () => options.createKafka('admin'),
    fetchTopicId: options.fetchTopicId,
    onHighWatermark: lag.sawHighWatermark,
  });
  const outputs = createOutputs(options);
  const assignment = watchedAssignment(options, logReader, outputs, wait);
  const onFenced = (owned: OwnedPartition) => {
    metrics.fences.inc({ topic });
    log.warn({ topic, partition: owned.partition, epoch: String(owned.epoch) }, 'partition_fenced');
    assignment.reclaim(owned);
  };
  const lanes = createLanes(options, outputs, onFenced, wait);
  const maintenance = startMaintenance<Event>({
    topic,
    assignment,
    lag,
    log: logReader,
    laneOf: lanes.of,
    tuning,
    metrics,
    nowMs,
    isInHand: (partition) => keeper.isInHand(partition),
    onStall: ({ partition }, seconds) => log.warn({ topic, partition, seconds }, 'partition_stands_still'),
    mirror: async (offsets) => keeper.consumer()?.mirror(offsets),
    onError: (error) => log.warn({ topic, err: error }, 'maintenance_failed'),
  });
  const keeper: ConsumerKeeper = keepConsuming(options, {
    assignment,
    lanes,
    events: createConsumerEvents(options, { assignment, lanes, lag, wait }),
    findStall: maintenance.findStall,
    wait,
  });

  return {
    status: () => ({ partitions: assignment.states(), lagRecords: maintenance.lagRecords() }),
    offer: outputs.offer,
    stop: (deadlineMs) =>
      stopWithin(deadlineMs, { assignment, lanes, maintenance, keeper, outputs, log: logReader, nowMs }),
  };
}

/** The assignment, with what its changes mean for the shards, the metrics and the log. */
function watchedAssignment<Event, C extends Change, Outcome>(
  options: EngineOptions<Event, C, Outcome>,
  logReader: OpenLogReader,
  outputs: Outputs<C>,
  wait: (ms: number) => Promise<void>,
): Assignment {
  const { topic, metrics, log } = options;
  const showStates = createStateGauges(metrics, topic);
  return createAssignment({
    topic,
    owner: options.owner,
    store: options.pool,
    log: logReader,
    wait,
    jitter: options.random,
    nowMs: options.nowMs,
    onStep: options.onStep,
    onChange: (states) => {
      outputs.setShards(shardsOf(states, options.shardCount, logReader.partitionCount()));
      showStates(states);
    },
    onClaimError: (partition, error) => log.warn({ topic, partition, err: error }, 'partition_claim_failed'),
    onHalt: (partition, reason, detail) => {
      metrics.halts.inc({ topic, reason });
      log.error({ topic, partition, reason, detail }, 'partition_halted');
    },
  });
}
