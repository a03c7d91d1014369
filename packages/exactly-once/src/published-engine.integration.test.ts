import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createRecordBodyEncoder } from '@streaks/shared/kafka/record-body';
import { createFreshTopic, type FreshTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createEngineMetrics } from './metrics';
import { createPublisher } from './publish/create-publisher';
import { createPublisherEvents } from './publish/metrics-of-publication';
import type { OutputRecord, Publication, ReadOutput } from './publish/publication';
import { defaultPublisherTuning } from './publish/publisher-options';
import { createPublicationStore } from './sql/publication-store';
import type { CounterChange } from './testing/counter-projection';
import { createEngineBench, type EngineBench } from './testing/test-engine';

jest.setTimeout(90_000);

const brokers = kafkaBrokers(stackAddresses());
const logger = pino({ level: 'silent' });

const encodeBody = createRecordBodyEncoder();

/** From the input topic through Postgres to the output topic. */
describe('an engine that publishes', () => {
  let bench: EngineBench;
  let output: FreshTopic;
  afterEach(async () => {
    await bench.close();
    await output.drop();
  });

  /** Each row is its kind and number; dead letters have `seq` from the same numbers as changes. */
  const record = (shard: number, seq: bigint, kind: string, recordedAtMs: number): OutputRecord => ({
    seq,
    topic: output.topic,
    partition: shard,
    body: encodeBody(null, Buffer.from(`${kind} ${seq}`), ['recordedAtMs', String(recordedAtMs)]),
    isState: false,
  });

  function publicationOf(groupId: string): Publication<CounterChange> {
    const { pool } = bench.database;
    const readOutput: ReadOutput = async (shard, afterSeq, limit) => {
      const { rows } = await pool.query<{ seq: string; kind: string }>(
        `SELECT seq, kind FROM (SELECT shard, seq, 'change' AS kind FROM counter_outbox
           UNION ALL SELECT shard, out_seq, 'letter' FROM dead_letters) AS o
         WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
        [shard, String(afterSeq), limit],
      );
      const last = rows.at(-1);
      if (!last) return undefined;
      const records = rows.map(({ seq, kind }) => record(shard, BigInt(seq), kind, 0));
      return { firstSeq: afterSeq + 1n, lastSeq: BigInt(last.seq), records };
    };
    return {
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
    };
  }

  it('brings every change and every dead letter to a read_committed reader once, in number order, across takeovers', async () => {
    bench = await createEngineBench(4);
    output = await createFreshTopic({ partitions: 4, prefix: 'output' });
    const groupId = uniqueName('publication');
    const first = await bench.start({ publication: publicationOf(groupId), tuning: { maxBadShare: 1 } });
    const producer = await bench.producer();
    await bench.publish(0, 300, { perSend: 50 });
    await producer.send({
      topic: bench.topic,
      messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'bad' })),
    });
    await bench.expectExactly(300);
    const second = await bench.start({ publication: publicationOf(groupId), tuning: { maxBadShare: 1 } });
    await bench.publish(300, 600, { perSend: 50 });
    await first.stop();
    await bench.publish(600, 900, { perSend: 50 });
    await bench.expectExactly(900);
    const { rows } = await bench.database.pool.query<{ value: string }>(
      `SELECT shard || ' ' || kind || ' ' || seq AS value FROM (SELECT shard, seq, 'change' AS kind FROM counter_outbox
         UNION ALL SELECT shard, out_seq, 'letter' FROM dead_letters) AS o ORDER BY shard, seq`,
    );
    await waitFor(
      async () => {
        const { rows: behind } = await bench.database.pool.query(
          'SELECT FROM outbox_shard WHERE published_seq < out_seq',
        );
        return behind.length === 0;
      },
      { description: 'all rows to be published', timeoutMs: 30_000 },
    );
    const read: string[][] = [[], [], [], []];
    const consumer = createKafka({ brokers, clientId: 'reader', logger }).consumer({
      groupId: uniqueName('reader'),
      maxWaitTimeInMs: 50,
    });
    await consumer.connect();
    await consumer.subscribe({ topic: output.topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => void read[partition]?.push(`${partition} ${message.value}`),
    });
    await waitFor(() => read.flat().length >= rows.length, { description: 'all rows to be read', timeoutMs: 30_000 });
    await consumer.disconnect();
    expect(read.flat()).toEqual(rows.map(({ value }) => value));
    expect(rows.filter(({ value }) => value.includes('letter'))).toHaveLength(4);
    expect([...first.fatal, ...second.fatal]).toEqual([]);
  });
});
