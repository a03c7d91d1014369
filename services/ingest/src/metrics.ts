import type { ReliableProducerStats } from '@streaks/shared/kafka/producer/reliable-producer';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OutcomeName } from './waiting/event-outcome';

export type SessionRoute = 'single' | 'batch' | 'stream';
export type SessionResult = 'accepted' | 'rejected' | 'unavailable';
/** What is published one request at a time, beside sessions. */
export type EventType =
  | 'check_in'
  | 'update'
  | 'retraction'
  | 'settings'
  | 'organisation_settings'
  | 'erasure'
  | 'friendship';
export type EventResult = SessionResult;
export type WaitResult = OutcomeName | 'timed_out';

export type IngestMetrics = {
  countSessions(route: SessionRoute, result: SessionResult, count: number): void;
  countEvent(type: EventType, result: EventResult): void;
  countWait(outcome: WaitResult): void;
  observePublishSeconds(seconds: number): void;
};

/** The service's own metrics; `stats` is read when they are scraped. */
export function createIngestMetrics(registry: Registry, stats: () => ReliableProducerStats): IngestMetrics {
  const registers = [registry];
  const sessions = new Counter({
    name: 'streaks_ingest_sessions_total',
    help: 'Sessions by route and result. rejected rising: look at a client (answers name the faults); unavailable rising: Kafka, the registry or the buffer, and clients are repeating.',
    labelNames: ['route', 'result'] as const,
    registers,
  });
  const events = new Counter({
    name: 'streaks_ingest_events_total',
    help: 'Check-ins, updates, corrections, settings and friendships by type and result, read as those of sessions.',
    labelNames: ['type', 'result'] as const,
    registers,
  });
  const waits = new Counter({
    name: 'streaks_ingest_waits_total',
    help: 'Requests that waited for the processor by what came of them. timed_out rising: the processor lags or is down, check its lag.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const publishSeconds = new Histogram({
    name: 'streaks_ingest_produce_seconds',
    help: 'Seconds from an event to its acknowledgement by all in-sync replicas. A high p99 with few buffered records points at the brokers, with many at too little capacity here.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  addGauge(
    'streaks_ingest_buffer_records',
    'Events waiting for Kafka, those of all topics. Near PRODUCE_BUFFER_RECORDS clients get 503: add instances or look at the brokers.',
    (now) => now.bufferedRecords,
  );
  addGauge(
    'streaks_ingest_buffer_bytes',
    'Bytes waiting for Kafka, bounded by PRODUCE_BUFFER_BYTES.',
    (now) => now.bufferedBytes,
  );
  addCounter(
    'streaks_ingest_produce_batches_total',
    'Batches handed to Kafka. Events divided by this are the batch size; near 1 under load, raise PRODUCE_LINGER_MS.',
    (now) => now.batches,
  );
  addCounter(
    'streaks_ingest_produce_failed_attempts_total',
    'Attempts that Kafka did not acknowledge and that were repeated. A steady rise means unwell brokers.',
    (now) => now.failedAttempts,
  );
  addCounter(
    'streaks_ingest_producers_created_total',
    'Kafka producers made; each above the first replaced one discarded after an error. Fast growth means a flapping connection.',
    (now) => now.producersCreated,
  );

  function addGauge(name: string, help: string, read: (now: ReliableProducerStats) => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(stats()));
      },
    });
  }
  function addCounter(name: string, help: string, read: (now: ReliableProducerStats) => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(stats()));
      },
    });
  }

  return {
    countSessions(route, result, count) {
      if (count > 0) sessions.inc({ route, result }, count);
    },
    countEvent: (type, result) => events.inc({ type, result }),
    countWait: (outcome) => waits.inc({ outcome }),
    observePublishSeconds: (seconds) => publishSeconds.observe(seconds),
  };
}
