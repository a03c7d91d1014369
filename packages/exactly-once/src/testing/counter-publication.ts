import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-format/record-body';
import { createFreshTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createEngineMetrics } from '../metrics';
import { createPublisher } from '../publish/create-publisher';
import { createPublisherEvents } from '../publish/metrics-of-publication';
import type { OutputRecord, Publication, ReadOutput } from '../publish/publication';
import { defaultPublisherTuning } from '../publish/publisher-options';
import { createPublicationStore } from '../sql/publication-store';
import type { CounterChange } from './counter-projection';

/** An output topic with a partition for each shard: each row is its shard, kind and number. */
export interface CounterOutput {
  /** A publisher of its own each time; all are of one group. */
  publication(): Publication<CounterChange>;
  /** The rows of the outbox, changes and dead letters, in number order. */
  storedRows(): Promise<string[]>;
  /** Resolves when the marks of the publication are at the end of the outbox. */
  isPublished(): Promise<void>;
  /** What a read_committed reader finds, shard by shard; waits for as many rows. */
  readRows(count: number): Promise<string[]>;
  drop(): Promise<void>;
}

const ROWS = `(SELECT shard, seq, 'change' AS kind FROM counter_outbox
  UNION ALL SELECT shard, out_seq, 'letter' FROM dead_letters) AS o`;

export async function createCounterOutput(pool: Pool, shards: number): Promise<CounterOutput> {
  const brokers = kafkaBrokers(stackAddresses());
  const logger = pino({ level: 'silent' });
  const encodeBody = createRecordBodyEncoder();
  const output = await createFreshTopic({ partitions: shards, prefix: 'output' });
  const groupId = uniqueName('publication');

  const record = (shard: number, seq: bigint, kind: string, recordedAtMs: number): OutputRecord => ({
    seq,
    topic: output.topic,
    partition: shard,
    body: encodeBody(null, Buffer.from(`${kind} ${seq}`), ['recordedAtMs', String(recordedAtMs)]),
    isState: false,
  });
  const readOutput: ReadOutput = async (shard, afterSeq, limit) => {
    const { rows } = await pool.query<{ seq: string; kind: string }>(
      `SELECT seq, kind FROM ${ROWS} WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
      [shard, String(afterSeq), limit],
    );
    const last = rows.at(-1);
    if (!last) return undefined;
    const records = rows.map(({ seq, kind }) => record(shard, BigInt(seq), kind, 0));
    return { firstSeq: afterSeq + 1n, lastSeq: BigInt(last.seq), records };
  };

  return {
    publication: () => ({
      publisher: createPublisher({
        createKafka: (settings) => createKafka({ brokers, clientId: 'publisher', logger, ...settings }),
        groupId,
        markTopic: output.topic,
        transactionTimeoutMs: 15_000,
        store: createPublicationStore(pool),
        readOutput,
        tuning: defaultPublisherTuning,
        events: createPublisherEvents(createEngineMetrics(new Registry(), 'test'), logger),
        nowMs: Date.now,
        random: Math.random,
      }),
      encode: (shard, changes) => changes.map(({ seq, recordedAtMs }) => record(shard, seq, 'change', recordedAtMs)),
      encodeDeadLetter: ({ shard, seq, recordedAtMs }) => [record(shard, seq, 'letter', recordedAtMs)],
    }),
    async storedRows() {
      const { rows } = await pool.query<{ row: string }>(
        `SELECT shard || ' ' || kind || ' ' || seq AS row FROM ${ROWS} ORDER BY shard, seq`,
      );
      return rows.map(({ row }) => row);
    },
    async isPublished() {
      const behind = () => pool.query('SELECT FROM outbox_shard WHERE published_seq < out_seq');
      await waitFor(async () => (await behind()).rows.length === 0, {
        description: 'all rows to be published',
        timeoutMs: 30_000,
      });
    },
    async readRows(count) {
      const read: string[][] = Array.from({ length: shards }, () => []);
      const groupOfReader = uniqueName('reader');
      const consumer = createKafka({ brokers, clientId: 'reader', logger }).consumer({
        groupId: groupOfReader,
        maxWaitTimeInMs: 50,
      });
      await consumer.connect();
      await consumer.subscribe({ topic: output.topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message }) => void read[partition]?.push(`${partition} ${message.value}`),
      });
      await waitFor(() => read.flat().length >= count, { description: 'all rows to be read', timeoutMs: 30_000 });
      await consumer.disconnect();
      return read.flat();
    },
    drop: () => output.drop(),
  };
}
