import { createPublisher } from '@streaks/exactly-once/publish/create-publisher';
import type { OutputRows, Publisher } from '@streaks/exactly-once/publish/publication';
import { defaultPublisherTuning } from '@streaks/exactly-once/publish/publisher-options';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import { createPublicationStore } from '@streaks/exactly-once/sql/publication-store';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-format/record-body';
import { createFreshTopic, type FreshTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { pino } from 'pino';
import { createOperatorBench, type OperatorBench } from './operator-bench';

const encodeBody = createRecordBodyEncoder();

/** An outbox of two shards, the publisher that takes it to Kafka, and the operator who looks after it. */
export interface OutboxBench {
  readonly database: TestDatabase;
  readonly operator: OperatorBench;
  readonly topic: string;
  readonly consumerGroupId: string;
  /** Adds rows to shard 0; `bytes`: of each record. */
  addRows(from: number, to: number, bytes?: number): Promise<void>;
  startPublisher(): Publisher;
  /** Event ids as a reader of committed records finds them. */
  readPublished(): Promise<readonly string[]>;
  shard(): Promise<Readonly<Record<string, unknown>> | undefined>;
  close(): Promise<void>;
}

const SHARDS = 2;
const INSERT_ROW = `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after,
    longest_before, longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset", request_id)
  SELECT 0, n, 'u', 'focus', n, 'FIRST_ACTIVITY', 0, 1, 0, 1, 0, 1, generation, gen_random_uuid(), 0, 0, $3
  FROM generate_series($1::int, $2::int) n, projection_generation`;

export async function createOutboxBench(maxMessageBytes = 1_000_000): Promise<OutboxBench> {
  const brokers = kafkaBrokers(stackAddresses());
  const log = pino({ level: 'silent' });
  const changes: FreshTopic = await createFreshTopic({
    partitions: SHARDS,
    prefix: 'changes',
    config: { 'max.message.bytes': String(maxMessageBytes) },
  });
  const database = await createTestDatabase();
  await ensureShards(database.pool, SHARDS);
  const relayGroupId = uniqueName('relay');
  const consumerGroupId = uniqueName('processors');
  const publishers: Publisher[] = [];
  const operator = createOperatorBench({
    ...stackAddresses(),
    DATABASE_URL: database.url,
    CONSUMER_GROUP_ID: consumerGroupId,
    STREAK_CHANGES_TOPIC: changes.topic,
    RELAY_GROUP_ID: relayGroupId,
  });

  const readOutput = async (shard: number, afterSeq: bigint, limit: number): Promise<OutputRows | undefined> => {
    const { rows } = await database.pool.query<{ seq: string; event_id: string; bytes: string }>(
      'SELECT out_seq AS seq, event_id, request_id AS bytes FROM streak_history WHERE shard = $1 AND out_seq > $2 ORDER BY out_seq LIMIT $3',
      [shard, String(afterSeq), limit],
    );
    const last = rows.at(-1);
    if (last === undefined) return undefined;
    const records = rows.map(({ seq, event_id, bytes }) => ({
      seq: BigInt(seq),
      topic: changes.topic,
      partition: shard,
      body: encodeBody('u', Buffer.from(event_id.padEnd(Number(bytes))), []),
      isState: false,
    }));
    return { firstSeq: afterSeq + 1n, lastSeq: BigInt(last.seq), records };
  };

  return {
    database,
    operator,
    topic: changes.topic,
    consumerGroupId,
    async addRows(from, to, bytes = 36) {
      await database.pool.query(INSERT_ROW, [from, to, String(bytes)]);
      await database.pool.query('UPDATE outbox_shard SET out_seq = $1 WHERE shard = 0', [to]);
    },
    startPublisher() {
      const ignore = () => undefined;
      const publisher = createPublisher({
        createKafka: ({ retry, requestTimeoutMs }) =>
          createKafka({ brokers, clientId: 'test-publisher', logger: log, retry, requestTimeoutMs }),
        groupId: relayGroupId,
        markTopic: changes.topic,
        transactionTimeoutMs: 15_000,
        store: createPublicationStore(database.pool),
        readOutput,
        tuning: { ...defaultPublisherTuning, maxTransactionRows: 2 },
        events: {
          published: ignore,
          failed: ignore,
          halted: ignore,
          ignoredMark: ignore,
          missingRows: ignore,
          state: ignore,
        },
        nowMs: () => performance.now(),
        random: () => 0.5,
      });
      publishers.push(publisher);
      publisher.setShards([0]);
      return publisher;
    },
    async readPublished() {
      const consumer = createKafka({ brokers, clientId: 'test-reader', logger: log }).consumer({
        groupId: uniqueName('reader'),
        maxWaitTimeInMs: 100,
      });
      const ids: string[] = [];
      const [end] = await operator.connections.withAdmin((admin) => admin.fetchTopicOffsets(changes.topic));
      let position = 0n;
      await consumer.connect();
      try {
        await consumer.subscribe({ topic: changes.topic, fromBeginning: true });
        await new Promise<void>((resolve, reject) => {
          const arrived = (partition: number, lastOffset: string) => {
            if (partition === 0) position = BigInt(lastOffset) + 1n;
            if (position >= BigInt(end?.high ?? 0)) resolve();
          };
          consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
            arrived(payload.partition, payload.lastOffset),
          );
          consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
            if (payload.batchSize === 0) arrived(payload.partition, payload.lastOffset);
          });
          consumer
            .run({
              eachMessage: async ({ message }) => void ids.push(String(message.value).trim()),
            })
            .catch(reject);
        });
      } finally {
        await consumer.disconnect();
      }
      return ids;
    },
    async shard() {
      const { rows } = await database.pool.query(
        `SELECT out_seq::int, published_seq::int, mark_epoch::int, accepted_mark::int, halt_reason,
           (SELECT generation::int FROM projection_generation) AS generation
         FROM outbox_shard WHERE shard = 0`,
      );
      return rows[0];
    },
    async close() {
      for (const publisher of publishers) await publisher.close(5_000);
      await operator.close();
      await changes.drop();
      await database.drop();
    },
  };
}
