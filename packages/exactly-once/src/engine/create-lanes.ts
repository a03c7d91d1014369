import { createReliableApply } from '../apply/apply-reliably';
import { createLane, type Lane } from '../apply/lane';
import { createLaneConnection } from '../apply/lane-connection';
import { recordCount } from '../apply/partition-batch';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { EngineOptions } from '../engine-options';
import type { Change } from '../projection';
import type { Outputs } from './outputs';

export interface Lanes<Event> {
  of(partition: number): Lane<Event>;
  isBusy(): boolean;
  /** For how long the oldest of the transactions at hand has been repeated or waited for; 0 when there is none. */
  waitingMs(): number;
  /** Grows with each committed transaction. */
  committedBatches(): bigint;
  /** Ends after the transactions at hand. */
  close(): Promise<void>;
  /** Cuts the connections: a transaction that Postgres does not answer ends with them. The partitions must no longer be ours. */
  abandon(): Promise<void>;
}

/** The appliers of an engine: each lane one connection, the partitions shared out by remainder. */
export function createLanes<Event, C extends Change, Outcome>(
  options: EngineOptions<Event, C, Outcome>,
  outputs: Pick<Outputs<C>, 'offer'>,
  onFenced: (owned: OwnedPartition) => void,
  wait: (ms: number) => Promise<void>,
): Lanes<Event> {
  const { topic, tuning, metrics, log, nowMs } = options;
  let committed = 0n;

  const createOne = (): { lane: Lane<Event>; discard: () => Promise<void> } => {
    const connection = createLaneConnection(options.lanePool, (error) =>
      log.warn({ topic, err: error }, 'lane_connection_lost'),
    );
    const apply = createReliableApply<Event, C, Outcome>({
      context: options,
      connection,
      classify: options.classifyStoreError,
      wait,
      jitter: options.random,
      onRetry: (kind, error) => {
        metrics.storeRetries.inc({ topic, kind });
        log.warn({ topic, kind, err: error }, 'transaction_repeated');
      },
      onAmbiguousCommit: (outcome) => {
        metrics.ambiguousCommits.inc({ topic, outcome });
        log.warn({ topic, outcome }, 'commit_settled');
      },
      onFenced: (batches) => {
        for (const batch of batches) onFenced(batch.owned);
      },
      onCommitted: ({ batches, applied, ...rows }) => {
        if (!applied) return;
        // Here and not when the lane is done with a batch: what was fenced is no progress.
        committed += 1n;
        metrics.batches.inc({ topic });
        metrics.records.inc(
          { topic },
          batches.reduce((sum, batch) => sum + recordCount(batch), 0),
        );
        outputs.offer(rows);
        void options.onStep?.('B8_HANDED_OVER'); // the only one that is not waited for: nothing depends on it
        for (const { rejection } of applied.rejected) metrics.deadLetters.inc({ topic, reason: rejection.reason });
        for (const { owned, events } of batches) {
          owned.lastAppliedTimestampMs = events.at(-1)?.source.timestampMs ?? owned.lastAppliedTimestampMs;
        }
        options.projection.committed(applied);
      },
    });
    const lane = createLane<Event>({
      apply,
      maxBatchRecords: tuning.maxBatchRecords,
      maxQueuedRecords: tuning.maxQueuedRecords,
      ...(tuning.lingerMs > 0 ? { gather: () => wait(tuning.lingerMs) } : {}),
      nowMs,
      onApplied: (seconds) => metrics.batchSeconds.observe({ topic }, seconds),
      onFatal: (error) =>
        options.onFatal(`applying a batch of ${topic} failed for a reason that repeating cannot cure`, error),
    });
    return { lane, discard: () => connection.discard() };
  };

  const all = Array.from({ length: tuning.lanes }, createOne);
  return {
    of(partition) {
      const found = all[partition % all.length];
      if (!found) throw new Error('an engine needs at least one lane');
      return found.lane;
    },
    isBusy: () => all.some(({ lane }) => lane.isBusy),
    waitingMs: () => Math.max(...all.map(({ lane }) => lane.waitingMs())),
    committedBatches: () => committed,
    async abandon() {
      await Promise.all(all.map(({ discard }) => discard()));
    },
    async close() {
      await Promise.all(all.map(({ lane }) => lane.close()));
      await Promise.all(all.map(({ discard }) => discard()));
    },
  };
}
