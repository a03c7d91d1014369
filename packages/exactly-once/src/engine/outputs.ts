import type { NumberedRows } from '../apply/number-and-save';
import type { EngineOptions } from '../engine-options';
import type { Change } from '../projection';
import { toOutputRows } from '../publish/to-output-rows';
import { createRelay, type Relay, toHandovers } from '../relay/relay';
import { moveProjectedMarks, readShardMarks } from '../sql/outbox';

/** Where an engine takes the rows of the outbox: to the sink, to Kafka, to both, or nowhere ("apply only"). */
export interface Outputs<C extends Change> {
  /** The shards this process works from now on. */
  setShards(shards: readonly number[]): void;
  /** Rows that a transaction of this process has committed. Never waits; what is not offered is found by polling. */
  offer(rows: NumberedRows<C>): void;
  close(deadlineMs: number): Promise<void>;
}

const RELAY_POLL_MIN_MS = 50;
const RELAY_POLL_MAX_MS = 1_000;
const RELAY_MARK_EVERY_MS = 200;

export function createOutputs<Event, C extends Change, Outcome>(options: EngineOptions<Event, C, Outcome>): Outputs<C> {
  const { publication } = options;
  const relay = startRelay(options);
  return {
    setShards(shards) {
      relay?.setShards(shards);
      publication?.publisher.setShards(shards);
    },
    offer({ numbered, letters, ranges }) {
      relay?.offer(toHandovers(numbered, ranges));
      if (publication) publication.publisher.offer(toOutputRows(publication, numbered, letters, ranges));
    },
    async close(deadlineMs) {
      await Promise.all([relay?.close(deadlineMs), publication?.publisher.close(deadlineMs)]);
    },
  };
}

function startRelay<Event, C extends Change, Outcome>(options: EngineOptions<Event, C, Outcome>): Relay<C> | undefined {
  const { sink, tuning, metrics, log } = options;
  if (sink === undefined) return undefined;
  return createRelay<C>({
    sink,
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
