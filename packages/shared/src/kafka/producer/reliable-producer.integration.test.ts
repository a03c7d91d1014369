import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createFreshTopic, type FreshTopic } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import type { ISocketFactory, Producer } from 'kafkajs';
import pino from 'pino';
import { createKafka } from '../create-kafka';
import { createReliableProducer, type ReliableProducer } from './reliable-producer';

const PRODUCE = 0;
const API_KEY_AT = 4;
const brokers = kafkaBrokers(stackAddresses());
const logger = pino({ level: 'silent' });

/** Cuts connections at produce requests: `request` before they are sent, `reply` once the broker has had time to store them. */
interface Cutter {
  decide: (request: Buffer) => 'request' | 'reply' | 'none';
  cuts: number;
  readonly socketFactory: ISocketFactory;
}

function createCutter(decide: Cutter['decide']): Cutter {
  const cutter: Cutter = {
    decide,
    cuts: 0,
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl ? connectTls({ host, port, ...ssl }, onConnect) : connect({ host, port }, onConnect);
      const write = socket.write.bind(socket);
      const hangUp = () => {
        socket.destroy();
        socket.emit('end');
      };
      socket.write = (data: Uint8Array | string) => {
        const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
        const cut =
          bytes.length > API_KEY_AT + 2 && bytes.readInt16BE(API_KEY_AT) === PRODUCE ? cutter.decide(bytes) : 'none';
        if (cut === 'none') return write(bytes);
        cutter.cuts += 1;
        if (cut === 'request') {
          hangUp();
          return false;
        }
        // The reply itself is the sign that the broker has stored the records; nobody else sees it.
        socket.removeAllListeners('data');
        socket.once('data', hangUp);
        return write(bytes);
      };
      return socket;
    },
  };
  return cutter;
}

function kafkaThrough(cutter: Cutter) {
  return createKafka({ brokers, clientId: 'test', logger, socketFactory: cutter.socketFactory });
}

/** Values of all records of the topic, in the order of the log. */
async function readValues(topic: FreshTopic): Promise<readonly string[]> {
  const admin = createKafka({ brokers, clientId: 'test', logger }).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic.topic);
  await admin.disconnect();
  const expected = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const consumer = createKafka({ brokers, clientId: 'test', logger }).consumer({
    groupId: `${topic.topic}-reader`,
    maxWaitTimeInMs: 50,
  });
  const values: string[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: topic.topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => void values.push(...batch.messages.map(({ value }) => String(value))),
    });
    await waitFor(() => values.length >= expected, {
      timeoutMs: 20_000,
      description: `all ${expected} records to be read`,
    });
    return values;
  } finally {
    await consumer.disconnect();
  }
}

let topic: FreshTopic;
let reliable: ReliableProducer | undefined;
let plain: Producer | undefined;

beforeEach(async () => {
  topic = await createFreshTopic({ partitions: 3 });
});
afterEach(async () => {
  await reliable?.close({ deadlineMs: 1000 });
  await plain?.disconnect();
  reliable = undefined;
  plain = undefined;
  await topic.drop();
});

function createReliable(cutter: Cutter, deliveryTimeoutMs = 30_000): ReliableProducer {
  return createReliableProducer({
    createKafka: () => kafkaThrough(cutter),
    topic: topic.topic,
    attemptTimeoutMs: 5000,
    maxBufferedRecords: 10_000,
    maxBufferedBytes: 10_000_000,
    maxRecordBytes: 100_000,
    lingerMs: 2,
    maxBatchRecords: 50,
    maxBatchBytes: 900_000,
    deliveryTimeoutMs,
    retryBackoffMs: 10,
    refreshMs: 60_000,
    now: () => performance.now(),
  });
}

it('a kafkajs producer that is used on after a lost reply acknowledges a record that is not in the log', async () => {
  const cutter = createCutter(() => 'none');
  plain = kafkaThrough(cutter).producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
  await plain.connect();
  const send = async (key: string) =>
    await plain?.send({ topic: topic.topic, acks: -1, messages: [{ key, value: key, partition: 0 }] });
  await send('first');
  cutter.decide = () => 'reply';
  await expect(send('second')).rejects.toThrow();
  cutter.decide = () => 'none';
  await expect(send('third')).resolves.toBeDefined();

  // This is what the rule of the reliable producer is for. Should it fail one day, kafkajs has got better.
  await expect(readValues(topic)).resolves.toEqual(['first', 'second']);
});

it.each(['request', 'reply'] as const)('keeps every acknowledged record when each %s may be lost', async (lost) => {
  // Four in a row are cut, so that the retries of kafkajs run out as well.
  let tries = 0;
  const cutter = createCutter(() => {
    tries += 1;
    return tries % 7 < 4 ? lost : 'none';
  });
  reliable = createReliable(cutter);
  const keys = Array.from({ length: 600 }, (_, index) => `user-${index}`);
  await Promise.all(keys.map((key) => reliable?.send({ key, value: Buffer.from(key) })));

  const stats = reliable.stats();
  expect(cutter.cuts).toBeGreaterThan(5);
  expect(stats.producersCreated).toBeGreaterThan(1);
  expect(stats).toMatchObject({ acknowledged: 600, rejected: 0, bufferedRecords: 0, bufferedBytes: 0 });
  const inLog = new Set(await readValues(topic));
  expect(keys.filter((key) => !inLog.has(key))).toEqual([]);
});

it('keeps what it acknowledges after another record ran out of time with its replies lost', async () => {
  reliable = createReliable(
    createCutter((request) => (request.includes('first') ? 'reply' : 'none')),
    400,
  );
  const send = (value: string) => reliable?.send({ key: 'user', value: Buffer.from(value) });
  await expect(send('first')).rejects.toMatchObject({ outcome: 'unknown' });
  await expect(send('second')).resolves.toBeDefined();

  // With the first one's sequence number used again, the broker would have taken the second for a repeat of it.
  await expect(readValues(topic)).resolves.toContain('second');
});

it('tells the true offset of each record, and puts it where Java would', async () => {
  reliable = createReliable(createCutter(() => 'none'));
  const delivered = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      reliable?.send({ key: `user-${index % 7}`, value: Buffer.from(`${index}`) }),
    ),
  );
  const places = delivered.map((one) => `${one?.partition}/${one?.offset}`);
  expect(new Set(places).size).toBe(100);
  expect(new Set(delivered.map((one) => one?.partition)).size).toBeGreaterThan(1);
});

it('rejects at the deadline while Kafka is away, and goes on by itself afterwards', async () => {
  let isAway = true;
  const cutter = createCutter(() => (isAway ? 'request' : 'none'));
  reliable = createReliable(cutter, 300);
  await expect(reliable.send({ key: 'a', value: Buffer.from('a') })).rejects.toMatchObject({
    name: 'KafkaUnavailableError',
    outcome: 'unknown',
  });
  // The deadline may come before the first try has failed.
  await waitFor(() => reliable?.health().state === 'failing', { description: 'the producer to notice' });
  isAway = false;
  const { offset } = await waitFor(() => reliable?.send({ key: 'b', value: Buffer.from('b') }), {
    description: 'a record to be acknowledged again',
  });
  expect(offset).toBeGreaterThanOrEqual(0n);
  expect(reliable.health().state).toBe('ready');
});
