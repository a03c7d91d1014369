import { createFreshTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { CompressionTypes, type Kafka } from 'kafkajs';
import pino from 'pino';
import { createKafka } from './create-kafka';
import { fetchTopicId, TopicMissingError } from './topic-id/topic-id';
import { ensureTopics, sessionEventsTopic } from './topics';

const brokers = kafkaBrokers(stackAddresses());
const logger = pino({ level: 'silent' });
const kafka = () => createKafka({ brokers, clientId: 'test', logger });
const waiting = { timeoutMs: 10_000, now: () => performance.now() };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connected<Client extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
  client: Client,
): Promise<Client> {
  await client.connect();
  cleanups.push(() => client.disconnect());
  return client;
}

const admin = () => connected(kafka().admin());

async function freshTopic(config: Readonly<Record<string, string>> = {}): Promise<string> {
  const { topic, drop } = await createFreshTopic({ config });
  cleanups.push(drop);
  return topic;
}

/** The first `count` values that a consumer of committed records gets from an offset on. */
async function readValues(topic: string, count: number, offset = '0'): Promise<readonly string[]> {
  const consumer = await connected(kafka().consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 50 }));
  const values: string[] = [];
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => void values.push(...batch.messages.map(({ value }) => String(value))),
  });
  consumer.seek({ topic, partition: 0, offset });
  await waitFor(() => values.length >= count, { description: `${count} records` });
  return values;
}

describe('topics', () => {
  const definition = (topic: string, partitions: number) =>
    sessionEventsTopic({ topic, partitions, replicationFactor: 1 });

  it('are created once by several that start at the same moment, with LogAppendTime', async () => {
    const topic = uniqueName('ensured');
    cleanups.push(async () => (await admin()).deleteTopics({ topics: [topic] }));
    const admins = await Promise.all([1, 2, 3, 4].map(admin));
    const results = await Promise.all(admins.map((one) => ensureTopics(one, [definition(topic, 3)], waiting)));

    const outcomes = results.flat().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(results.flat().every(({ partitions, differences }) => partitions === 3 && differences.length === 0)).toBe(
      true,
    );

    const [other] = await ensureTopics(await admin(), [definition(topic, 7)], waiting);
    expect(other).toMatchObject({ outcome: 'existing', partitions: 3, expectedPartitions: 7 });
    const producer = await connected(kafka().producer());
    const [sent] = await producer.send({ topic, messages: [{ value: 'x', timestamp: '1000' }] });
    expect(Number(sent?.logAppendTime)).toBeGreaterThan(1000);
  });

  it('that exist with other settings are reported and left alone', async () => {
    const topic = await freshTopic({ 'message.timestamp.type': 'CreateTime' });
    const [found] = await ensureTopics(await admin(), [definition(topic, 1)], waiting);
    expect(found?.differences).toContain('message.timestamp.type=CreateTime (LogAppendTime)');
  });

  it('have an id that tells a recreated one from the old one', async () => {
    const topic = await freshTopic();
    const ask = () => fetchTopicId({ brokers: ['127.0.0.1:1', ...brokers], topic, clientId: 'test', timeoutMs: 3000 });
    const before = await ask();
    expect(before).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    await expect(ask()).resolves.toBe(before);

    const owner = await admin();
    await owner.deleteTopics({ topics: [topic] });
    const isGone = () =>
      ask().then(
        () => false,
        (error: unknown) => error instanceof TopicMissingError,
      );
    await waitFor(isGone, { description: 'the topic to be gone' });
    await owner.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const after = await waitFor(ask, { description: 'the id of the new topic' });
    expect(after).not.toBe(before);
  });
});

describe('compressed batches', () => {
  it.each(['Snappy', 'LZ4', 'GZIP'] as const)('in %s are read by the broker and by us', async (codec) => {
    // The broker has to decompress what it is to store as ZSTD, and we what it stored.
    for (const stored of ['producer', 'zstd', 'lz4', 'snappy']) {
      const topic = await freshTopic({ 'compression.type': stored });
      const producer = await connected(kafka().producer());
      const values = Array.from({ length: 500 }, (_, index) => `${index} ${'a session of the user '.repeat(20)}`);
      await producer.send({
        topic,
        compression: CompressionTypes[codec],
        messages: values.map((value) => ({ value })),
      });
      await expect(readValues(topic, values.length)).resolves.toEqual(values);
    }
  });
});

describe('records of aborted transactions', () => {
  const transactional = (client: Kafka, id: string) =>
    connected(client.producer({ transactionalId: uniqueName(id), idempotent: true, maxInFlightRequests: 1 }));

  it('are not delivered when transactions overlap and end in another order, nor after a seek into their middle', async () => {
    const topic = await freshTopic();
    const [one, other, last] = await Promise.all(['one', 'other', 'last'].map((id) => transactional(kafka(), id)));
    if (one === undefined || other === undefined || last === undefined) throw new Error('unreachable');
    const [first, second] = [await one.transaction(), await other.transaction()];
    const send = (transaction: typeof first, value: string, key: Buffer | null = null) =>
      transaction.send({ topic, messages: [{ partition: 0, value, key }] });
    await send(first, 'aborted 0', Buffer.alloc(4));
    await send(second, 'aborted 1', Buffer.alloc(4));
    await send(first, 'aborted 2');
    await send(second, 'aborted 3');
    // The one that began later ends first: brokers list aborted transactions in this order.
    await second.abort();
    await first.abort();
    const third = await last.transaction();
    await send(third, 'committed');
    await third.commit();

    for (const offset of ['0', '1', '2', '3']) {
      await expect(readValues(topic, 1, offset)).resolves.toEqual(['committed']);
    }
  });
});
