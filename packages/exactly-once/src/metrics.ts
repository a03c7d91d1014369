import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * Every metric of the engine, defined once for all engines of a process: what is about input names the topic. The help text
 * says what an operator does with it.
 */
export function createEngineMetrics(registry: Registry, prefix: string) {
  const registers = [registry];
  return {
    lagRecords: new Gauge({
      registers,
      name: `${prefix}_lag_records`,
      help: 'Records written to the partition and not yet applied. Growing: add processors or look at Postgres.',
      labelNames: ['topic', 'partition'],
    }),
    lagSeconds: new Gauge({
      registers,
      name: `${prefix}_lag_seconds`,
      help: 'Age of the oldest record known not to be applied, 0 when all are. The freshness your users see; alert on it.',
      labelNames: ['topic', 'partition'],
    }),
    batches: new Counter({
      registers,
      name: `${prefix}_batches_total`,
      help: 'Transactions committed by the appliers.',
      labelNames: ['topic'],
    }),
    batchSeconds: new Histogram({
      registers,
      name: `${prefix}_batch_seconds`,
      help: 'Time of one apply transaction with its retries. Rising: Postgres is the bottleneck.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      labelNames: ['topic'],
    }),
    records: new Counter({
      registers,
      name: `${prefix}_records_total`,
      help: 'Records passed by a committed transaction, dead letters included.',
      labelNames: ['topic'],
    }),
    deadLetters: new Counter({
      registers,
      name: `${prefix}_dead_letters_total`,
      help: 'Records that could not be applied, by reason. Look into the table dead_letters.',
      labelNames: ['topic', 'reason'],
    }),
    fences: new Counter({
      registers,
      name: `${prefix}_fences_total`,
      help: 'Batches refused because another process owns the partition. A few at each rebalance are normal.',
      labelNames: ['topic'],
    }),
    refusedPositions: new Counter({
      registers,
      name: `${prefix}_refused_positions_total`,
      help: 'Batches refused because Kafka did not answer from our position. Repeated: the log was truncated or deleted.',
      labelNames: ['topic'],
    }),
    halted: new Gauge({
      registers,
      name: `${prefix}_halted_partitions`,
      help: 'Partitions of this process that stand still until an operator acts, by reason. Alert when above 0.',
      labelNames: ['topic', 'reason'],
    }),
    halts: new Counter({
      registers,
      name: `${prefix}_halts_total`,
      help: 'Times a partition was halted, by reason.',
      labelNames: ['topic', 'reason'],
    }),
    assigned: new Gauge({
      registers,
      name: `${prefix}_assigned_partitions`,
      help: 'Partitions of this process by state: claiming, active, lost, halted.',
      labelNames: ['topic', 'state'],
    }),
    rebalances: new Counter({
      registers,
      name: `${prefix}_rebalances_total`,
      help: 'Assignments received. Steady growth: processes come and go, or sessions time out.',
      labelNames: ['topic'],
    }),
    rebuilds: new Counter({
      registers,
      name: `${prefix}_consumer_rebuilds_total`,
      help: 'Consumers replaced after a crash or a stall. Growing: look at the brokers.',
      labelNames: ['topic'],
    }),
    storeRetries: new Counter({
      registers,
      name: `${prefix}_store_retries_total`,
      help: 'Transactions repeated: retry-now is a conflict, unavailable means Postgres is away.',
      labelNames: ['topic', 'kind'],
    }),
    ambiguousCommits: new Counter({
      registers,
      name: `${prefix}_ambiguous_commits_total`,
      help: 'COMMITs without an answer, by what was found afterwards.',
      labelNames: ['topic', 'outcome'],
    }),
    decodeFailures: new Counter({
      registers,
      name: `${prefix}_decode_failures_total`,
      help: 'Batches that could not be decoded for now. Growing: the schema registry is away.',
      labelNames: ['topic'],
    }),
    relayRows: new Counter({
      registers,
      name: `${prefix}_relay_rows_total`,
      help: 'Changes handed to the read model.',
    }),
    relayErrors: new Counter({
      registers,
      name: `${prefix}_relay_errors_total`,
      help: 'Failed hand-overs to the read model. Growing: Redis is away; nothing is lost.',
    }),
    relayBacklog: new Gauge({
      registers,
      name: `${prefix}_relay_backlog_rows`,
      help: 'Changes committed and not yet in the read model, over the shards of this process.',
    }),
    published: new Counter({
      registers,
      name: `${prefix}_published_rows_total`,
      help: 'Rows of the outbox that a committed Kafka transaction has taken to Kafka.',
    }),
    publishedRecords: new Counter({
      registers,
      name: `${prefix}_published_records_total`,
      help: 'Records sent for them; of states only the last of each key in a transaction.',
    }),
    publishTransactions: new Counter({
      registers,
      name: `${prefix}_publish_transactions_total`,
      help: 'Kafka transactions committed. Some 20 a second at most while they are not full.',
    }),
    publishSeconds: new Histogram({
      registers,
      name: `${prefix}_publish_seconds`,
      help: 'Time of one Kafka transaction. Rising: look at the brokers.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    publishErrors: new Counter({
      registers,
      name: `${prefix}_publish_errors_total`,
      help: 'Producers thrown away after an error. A few at each rebalance are normal. Growing: Kafka or Postgres is away; nothing is lost.',
    }),
    publishHalts: new Counter({
      registers,
      name: `${prefix}_publish_halts_total`,
      help: 'Times the publication of a shard was halted, by reason.',
      labelNames: ['reason'],
    }),
    publishIgnoredMarks: new Counter({
      registers,
      name: `${prefix}_publish_ignored_marks_total`,
      help: "Offsets of the publication's group that were not ours. Above 0: somebody else commits to that group.",
    }),
    publishMissingRows: new Counter({
      registers,
      name: `${prefix}_publish_missing_rows_total`,
      help: 'Numbers of the outbox that no row has, and nothing was published for. After a rebuild: repeats of dead letters.',
    }),
    publishShards: new Gauge({
      registers,
      name: `${prefix}_publish_shards`,
      help: 'Shards of this process by state of their publication. Alert when any is halted.',
      labelNames: ['state'],
    }),
    publishBacklog: new Gauge({
      registers,
      name: `${prefix}_publish_backlog_rows`,
      help: 'Rows committed and not yet published, over the shards of this process.',
    }),
    publishStandsStillSeconds: new Gauge({
      registers,
      name: `${prefix}_publish_stands_still_seconds`,
      help: 'Longest time that a shard has had rows to publish and published none. Alert on it.',
    }),
    publishWaitingBytes: new Gauge({
      registers,
      name: `${prefix}_publish_waiting_bytes`,
      help: 'Memory taken by rows that wait to be published; bounded.',
    }),
  };
}

export type EngineMetrics = ReturnType<typeof createEngineMetrics>;

/** Shows the counters of an input topic from 0 on: a series that begins with its first event hides that event from `increase()`. */
export function showCountersOf(metrics: EngineMetrics, topic: string): void {
  const { batches, records, fences, refusedPositions, rebalances, rebuilds, decodeFailures } = metrics;
  for (const counter of [batches, records, fences, refusedPositions, rebalances, rebuilds, decodeFailures]) {
    counter.inc({ topic }, 0);
  }
}
