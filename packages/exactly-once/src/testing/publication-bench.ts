import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-format/record-body';
import { createFreshTopic, uniqueName, withAdmin } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase } from '@streaks/testing/test-database';
import { waitFor } from '@streaks/testing/wait-for';
import type { ISocketFactory } from 'kafkajs';
import { pino } from 'pino';
import { createPublisher } from '../publish/create-publisher';
import type { OutputRecord, OutputRows, Publisher } from '../publish/publication';
import {
  defaultPublisherTuning,
  type OnPublicationStep,
  type PublisherEvents,
  type PublisherTuning,
} from '../publish/publisher-options';
import { ensureShards } from '../sql/ensure-shards';
import { createPublicationStore } from '../sql/publication-store';
import { createCounterTables } from './counter-projection';

const LAST = 'last';
const encodeBody = createRecordBodyEncoder();

export interface StartedPublisher {
  readonly publisher: Publisher;
  readonly errors: unknown[];
  readonly told: string[];
}

export interface StartPublisher {
  readonly onStep?: OnPublicationStep;
  readonly tuning?: Partial<PublisherTuning>;
  readonly socketFactory?: ISocketFactory;
}

export type PublicationBench = Awaited<ReturnType<typeof createPublicationBench>>;

/** An outbox in Postgres, topics to publish it to, and any number of publishers between them. */
export async function createPublicationBench(shards: number, topicConfig: Readonly<Record<string, string>> = {}) {
  const brokers = kafkaBrokers(stackAddresses());
  const changes = await createFreshTopic({ partitions: shards, prefix: 'changes', config: topicConfig });
  const states = await createFreshTopic({ partitions: shards, prefix: 'states', config: topicConfig });
  const database = await createTestDatabase();
  await createCounterTables(database.pool);
  await ensureShards(database.pool, shards);
  const groupId = uniqueName('publication');
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const publishers: StartedPublisher[] = [];

  const recordsOf = (shard: number, seq: bigint, key: string): OutputRecord[] =>
    [changes, states].map(({ topic }) => ({
      seq,
      topic,
      partition: shard,
      body: encodeBody(topic === states.topic ? `user-${seq % 5n}` : null, Buffer.from(key), ['shard', String(shard)]),
      isState: topic === states.topic,
    }));

  const readOutput = async (shard: number, afterSeq: bigint, limit: number): Promise<OutputRows | undefined> => {
    const { rows } = await database.pool.query<{ seq: string; key: string }>(
      'SELECT seq, key FROM counter_outbox WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3',
      [shard, String(afterSeq), limit],
    );
    const last = rows.at(-1);
    if (!last) return undefined;
    const records = rows.flatMap(({ seq, key }) => recordsOf(shard, BigInt(seq), key));
    return { firstSeq: afterSeq + 1n, lastSeq: BigInt(last.seq), records };
  };

  const bench = {
    database,
    groupId,
    brokers,
    changes: changes.topic,
    /** Rows of one transaction, each worth its number unless said otherwise. Returns what an applier would hand over. */
    async commit(count: number, { shard = 0, value }: { shard?: number; value?: string } = {}) {
      const { rows } = await database.pool.query<{ seq: string; key: string }>(
        `WITH numbered AS (UPDATE outbox_shard SET out_seq = out_seq + $2 WHERE shard = $1 RETURNING out_seq)
         INSERT INTO counter_outbox (shard, seq, key)
         SELECT $1, n, COALESCE($3, n::text) FROM numbered, generate_series(out_seq - $2 + 1, out_seq) AS n RETURNING seq, key`,
        [shard, count, value ?? null],
      );
      const numbers = rows.map(({ seq }) => BigInt(seq));
      const records = rows.flatMap(({ seq, key }) => recordsOf(shard, BigInt(seq), key));
      return new Map([[shard, { firstSeq: numbers[0] ?? 0n, lastSeq: numbers.at(-1) ?? 0n, records }]]);
    },
    start({ onStep, tuning, socketFactory }: StartPublisher = {}): StartedPublisher {
      const errors: unknown[] = [];
      const told: string[] = [];
      const events: PublisherEvents = {
        published: () => undefined,
        failed: (_, error) => errors.push(error),
        halted: (shard, reason) => told.push(`halted ${shard} ${reason}`),
        ignoredMark: (shard, detail) => told.push(`ignored ${shard} ${detail}`),
        missingRows: (shard, first, last) => told.push(`missing ${shard} ${first} ${last}`),
        state: () => undefined,
      };
      const publisher = createPublisher({
        createKafka: (settings) =>
          createKafka({
            brokers,
            clientId: 'publisher',
            logger,
            ...settings,
            ...(socketFactory ? { socketFactory } : {}),
          }),
        groupId,
        markTopic: changes.topic,
        transactionTimeoutMs: 15_000,
        store: createPublicationStore(database.pool),
        readOutput,
        tuning: { ...defaultPublisherTuning, backoffMinMs: 20, fencedBackoffMs: 50, ...tuning },
        events,
        nowMs: () => performance.now(),
        random: Math.random,
        ...(onStep ? { onStep } : {}),
      });
      const started = { publisher, errors, told };
      publishers.push(started);
      return started;
    },
    async shardRow(shard = 0) {
      const { rows } = await database.pool.query<Record<string, string | null>>(
        'SELECT * FROM outbox_shard WHERE shard = $1',
        [shard],
      );
      return rows[0] ?? {};
    },
    async isPublished(shard = 0, description = `all rows of shard ${shard} to be published`) {
      await waitFor(
        async () => {
          const row = await bench.shardRow(shard);
          return row['published_seq'] === row['out_seq'];
        },
        { description, timeoutMs: 25_000 },
      );
    },
    /** Values of the changes of each shard for a read_committed reader. The last row is one of ours, so that nothing can come after. */
    async readChanges(): Promise<string[][]> {
      for (let shard = 0; shard < shards; shard++) {
        for (const { publisher } of publishers) publisher.offer(await bench.commit(1, { shard, value: LAST }));
      }
      const found = Array.from({ length: shards }, (): string[] => []);
      const consumer = createKafka({ brokers, clientId: 'reader', logger }).consumer({
        groupId: uniqueName('reader'),
        maxWaitTimeInMs: 50,
        readUncommitted: false,
      });
      await consumer.connect();
      try {
        await consumer.subscribe({ topic: changes.topic, fromBeginning: true });
        await consumer.run({
          eachMessage: async ({ partition, message }) => void found[partition]?.push(String(message.value)),
        });
        await waitFor(
          () => found.every((values) => values.filter((value) => value === LAST).length >= publishers.length),
          {
            description: 'the last row of each shard to be read',
            timeoutMs: 30_000,
          },
        );
      } finally {
        await consumer.disconnect();
      }
      return found.map((values) => values.filter((value) => value !== LAST));
    },
    setOffset: (offset: string, partition = 0) =>
      withAdmin(brokers, (admin) =>
        admin.setOffsets({ groupId, topic: changes.topic, partitions: [{ partition, offset }] }),
      ),
    async close() {
      await Promise.all(publishers.map(({ publisher }) => publisher.close(3_000)));
      await Promise.all([changes.drop(), states.drop()]);
      await database.drop();
    },
  };
  return bench;
}

/** The values of the first `count` rows. */
export const firstRows = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1}`);
