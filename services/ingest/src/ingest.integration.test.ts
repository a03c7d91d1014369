import { connect, type Socket } from 'node:net';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { parseSettings } from '@streaks/shared/config/define-settings';
import { createFriendshipEventDecoder } from '@streaks/shared/contracts/friendship-event-codec';
import { createOrganisationEventDecoder } from '@streaks/shared/contracts/organisation-event-codec';
import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { closeRedis, createRedis, waitForRedis } from '@streaks/shared/redis/create-redis';
import { uniqueName, withAdmin } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { Redis } from 'ioredis';
import { type ISocketFactory, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { Registry } from 'prom-client';
import request from 'supertest';
import { createIngestApp } from './create-ingest-app';
import { createIngestMetrics } from './metrics';
import { connectPublishing } from './publishing/connect-publishing';
import { createPublishers } from './publishing/create-publishers';
import { closeProducers, kafkaState, statsOf } from './publishing/topic-producers';
import { ingestSettings } from './settings';
import { createReplyListener } from './waiting/reply-listener';

const logger = createLogger({ service: 'ingest', level: 'silent' });
const monotonicMs = () => performance.now();
const releasers: (() => Promise<unknown>)[] = [];

const topicPrefix = uniqueName('ingest');

jest.setTimeout(60_000);

afterAll(async () => {
  await withAdmin(kafkaBrokers(stackAddresses()), async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    await admin.deleteTopics({ topics });
  });
});

afterEach(async () => {
  for (const release of releasers.splice(0).reverse()) await release();
});

/** A way to Kafka that can be cut and given back. */
function createCuttableNetwork() {
  const sockets = new Set<Socket>();
  let isCut = false;
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    // Port 1 of loopback: nothing listens there.
    const socket = isCut ? connect({ host: '127.0.0.1', port: 1 }, onConnect) : connect({ host, port }, onConnect);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  return {
    socketFactory,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
  };
}

/** The service as `main.ts` wires it, on real servers and a topic that it creates itself. */
async function startIngest(env: Readonly<Record<string, string>> = {}, network = createCuttableNetwork()) {
  const addresses = stackAddresses();
  const brokers = kafkaBrokers(addresses);
  const topic = env['SESSION_EVENTS_TOPIC'] ?? uniqueName(topicPrefix);
  const keyPrefix = `${uniqueName('ingest')}:`;
  const settings = parseSettings(ingestSettings, {
    ...addresses,
    SESSION_EVENTS_TOPIC: topic,
    SESSION_EVENTS_PARTITIONS: '3',
    ORGANISATION_EVENTS_TOPIC: `${topic}-organisations`,
    FRIENDSHIP_EVENTS_TOPIC: `${topic}-friendships`,
    REDIS_KEY_PREFIX: keyPrefix,
    ...env,
  });
  const { producers, preparation } = connectPublishing({
    settings,
    logger,
    monotonicMs,
    socketFactory: network.socketFactory,
  });
  const subscriberName = uniqueName('subscriber');
  const subscriber = createRedis({
    url: settings.REDIS_URL,
    name: subscriberName,
    autoResubscribe: false,
    onOutage: () => undefined,
  });
  const replies = createReplyListener({
    subscriber,
    keyPrefix,
    processId: 'process-1',
    maxWaits: 10,
    confirmEveryMs: 5_000,
  });
  await waitForRedis(subscriber, 2_000);
  const registry = new Registry();
  const metrics = createIngestMetrics(registry, () => statsOf(producers));
  const app = createIngestApp({
    logger,
    registry,
    metrics,
    replies,
    queryApiUrl: settings.QUERY_API_URL,
    maxStreamSessions: settings.STREAM_MAX_SESSIONS,
    limits: () => ({ recordTimeMs: Date.now(), maxDurationMs: 604_800_000, maxFutureMs: 300_000 }),
    newId: () => uniqueName('made'),
    ...createPublishers({
      producers,
      encoders: preparation.encoders,
      refuseAfterMs: settings.PRODUCE_TIMEOUT_MS,
      monotonicMs,
      observePublishSeconds: metrics.observePublishSeconds,
    }),
    readiness: async () => ({
      kafka: kafkaState(producers, preparation.areTopicsReady()),
      registry: preparation.encoders() === undefined ? 'down' : 'up',
    }),
  });
  releasers.push(
    () => closeRedis(subscriber),
    async () => replies.stop(),
    () => closeProducers(producers, 30_000), // kafkajs goes on with a send that was given up; it must end before the test does
    async () => preparation.stop(),
  );
  const untilReady = () =>
    waitFor(async () => (await request(app).get('/health/ready')).status === 200, {
      description: 'ingest to be ready',
    });
  return { app, topic, brokers, network, keyPrefix, addresses, subscriberName, untilReady };
}

async function readTopic(brokers: readonly string[], topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).consumer({
    groupId: uniqueName('ingest-reader'),
    maxWaitTimeInMs: 100,
  });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
    await waitFor(() => messages.length >= count, { description: `${count} records in ${topic}`, timeoutMs: 20_000 });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

/** Has Redis close the connection of that name. */
async function killConnection(redis: Redis, name: string): Promise<void> {
  const clients = String(await redis.client('LIST')).split('\n');
  const [, id] = /^id=(\d+)/.exec(clients.find((line) => line.includes(` name=${name} `)) ?? '') ?? [];
  await redis.call('CLIENT', 'KILL', 'ID', String(id));
}

const body = (sessionId: string) => ({
  sessionId,
  userId: `user-${sessionId}`,
  startTime: '2026-01-15T10:00:00.125Z',
  endTime: '2026-01-15T10:45:00Z',
  timezone: 'Asia/Tokyo',
});

describe('ingest on real servers', () => {
  it('creates the topic, and what it acknowledges can be read and decoded from it', async () => {
    const { app, topic, brokers, addresses, untilReady } = await startIngest();
    await untilReady();
    const single = await request(app).post('/sessions').set('X-Request-Id', 'req-1').send(body('a'));
    const batch = await request(app)
      .post('/sessions/batch')
      .send({ sessions: [body('b'), {}, body('c')] });
    const stream = await request(app)
      .post('/sessions/batch')
      .set('Content-Type', 'application/x-ndjson')
      .send(Array.from({ length: 1_200 }, (_, index) => `${JSON.stringify(body(`n${index}`))}\n`).join(''));
    expect([single.status, batch.status, stream.status]).toEqual([202, 202, 202]);

    const messages = await readTopic(brokers, topic, 1_203);
    const decoder = createUserEventDecoder(new SchemaRegistry({ host: addresses.SCHEMA_REGISTRY_URL }), {
      now: Date.now,
    });
    await decoder.prepare(messages.map(({ value }) => value));
    const byId = new Map(messages.map((message) => [message.key?.toString(), message]));
    const found = byId.get('user-a');
    expect(decoder.decode(found?.value ?? null, found?.key ?? null)).toEqual({
      kind: 'session',
      sessionId: 'a',
      userId: 'user-a',
      startMs: Date.parse('2026-01-15T10:00:00.125Z'),
      endMs: Date.parse('2026-01-15T10:45:00Z'),
      timezone: 'Asia/Tokyo',
      keyMismatch: false,
    });
    expect(found?.headers?.['x-request-id']?.toString()).toBe('req-1');
    expect(byId.size).toBe(1_203);
  });

  it('answers 503 while Kafka is away and goes on when it is back, without losing what it acknowledged', async () => {
    const { app, topic, brokers, network, untilReady } = await startIngest({ PRODUCE_TIMEOUT_MS: '500' });
    await untilReady();
    const acknowledged: string[] = [];
    const post = async (sessionId: string) => {
      const response = await request(app).post('/sessions').send(body(sessionId));
      if (response.status === 202) acknowledged.push(`user-${sessionId}`);
      return response;
    };
    await post('before');
    network.cut();
    const refused = await post('during');
    expect([refused.status, refused.body.code]).toEqual([503, 'STREAKS_KAFKA_UNAVAILABLE']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await waitFor(async () => (await request(app).get('/health/ready')).body.checks?.kafka === 'down', {
      description: 'health to name Kafka',
    });
    network.mend();
    await waitFor(async () => (await post('after')).status === 202, { description: 'a session to be accepted again' });
    await untilReady();
    const keys = new Set((await readTopic(brokers, topic, acknowledged.length)).map(({ key }) => key?.toString()));
    expect(acknowledged.filter((key) => !keys.has(key))).toEqual([]);
  });

  it('starts while Kafka is away, is not ready, and becomes so by itself', async () => {
    const network = createCuttableNetwork();
    network.cut();
    const { app, untilReady } = await startIngest({ PRODUCE_TIMEOUT_MS: '300' }, network);
    expect((await request(app).get('/health/ready')).status).toBe(503);
    expect((await request(app).get('/health/live')).status).toBe(200);
    expect((await request(app).post('/sessions').send(body('a'))).status).toBe(503);
    network.mend();
    await untilReady();
    expect((await request(app).post('/sessions').send(body('a'))).status).toBe(202);
  });

  it('starts while the registry is away, and says so', async () => {
    const { app } = await startIngest({ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' });
    const response = await request(app).post('/sessions').send(body('a'));
    expect([response.status, response.body.code]).toEqual([503, 'STREAKS_REGISTRY_UNAVAILABLE']);
    expect((await request(app).get('/health')).body.checks.registry).toBe('down');
  });

  it('two that start at once agree on one topic', async () => {
    const topic = uniqueName(topicPrefix);
    const both = await Promise.all([
      startIngest({ SESSION_EVENTS_TOPIC: topic }),
      startIngest({ SESSION_EVENTS_TOPIC: topic }),
    ]);
    for (const { untilReady } of both) await untilReady();
    for (const [index, { app }] of both.entries()) {
      expect(
        (
          await request(app)
            .post('/sessions')
            .send(body(`t${index}`))
        ).status,
      ).toBe(202);
    }
  });

  it('publishes every kind of event to its topic, as the processor reads it', async () => {
    const { app, topic, brokers, addresses, untilReady } = await startIngest();
    await untilReady();
    const answers = [
      await request(app).post('/check-ins').send({ userId: 'ada', checkInId: 'c', timezone: 'UTC' }),
      await request(app).delete('/sessions/ada/s'),
      await request(app)
        .put('/users/ada/settings')
        .send({ timezone: null, pauses: [{ from: '2026-08-01', to: '2026-08-02' }] }),
      await request(app).delete('/users/ada'),
      await request(app)
        .put('/organisations/acme/settings')
        .send({ freeze: { earnEvery: 7, cap: 2 } }),
      await request(app).put('/users/ada/friends/grace'),
      await request(app).delete('/users/ada/friends/grace'),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(202));

    const registry = new SchemaRegistry({ host: addresses.SCHEMA_REGISTRY_URL });
    async function decodeAll<Event>(
      name: string,
      count: number,
      decoder: {
        prepare(values: Iterable<Buffer | null>): Promise<void>;
        decode(value: Buffer | null, key: Buffer | null): Event;
      },
    ): Promise<readonly Event[]> {
      const messages = await readTopic(brokers, name, count);
      await decoder.prepare(messages.map(({ value }) => value));
      return messages.map(({ value, key }) => decoder.decode(value, key));
    }
    const own = { keyMismatch: false };
    expect(await decodeAll(topic, 4, createUserEventDecoder(registry, { now: Date.now }))).toEqual([
      { ...own, kind: 'check-in', userId: 'ada', checkInId: 'c', timezone: 'UTC', atMs: expect.any(Number) },
      { ...own, kind: 'retraction', userId: 'ada', sessionId: 's' },
      {
        ...own,
        kind: 'settings',
        userId: 'ada',
        change: expect.objectContaining({ timezone: null, pauses: [{ first: 20_666, last: 20_667 }] }),
      },
      { ...own, kind: 'erasure', userId: 'ada' },
    ]);
    const organisations = createOrganisationEventDecoder(registry, { now: Date.now });
    expect(await decodeAll(`${topic}-organisations`, 1, organisations)).toMatchObject([
      { ...own, organisationId: 'acme', change: { freeze: { earnEvery: 7, cap: 2 } } },
    ]);
    const friendships = createFriendshipEventDecoder(registry, { now: Date.now });
    expect(await decodeAll(`${topic}-friendships`, 2, friendships)).toMatchObject([
      { ...own, userId: 'ada', friendId: 'grace', isFriend: true },
      { ...own, userId: 'ada', friendId: 'grace', isFriend: false },
    ]);
  });

  it('waits for the reply at the address that the record names, also after Redis cut the connection', async () => {
    const { app, topic, brokers, keyPrefix, addresses, subscriberName, untilReady } = await startIngest();
    await untilReady();
    const processor = new Redis(addresses.REDIS_URL);
    releasers.push(async () => processor.disconnect());
    const channel = `${keyPrefix}reply:process-1`;
    const subscribers = async () => (await processor.pubsub('NUMSUB', channel))[1];
    const state = { runs: [{ first: 20_468, length: 1 }], timezone: 'Asia/Tokyo', version: 1, updatedAtMs: 1 };
    for (const [index, sessionId] of ['w1', 'w2'].entries()) {
      await waitFor(async () => (await subscribers()) === 1, { description: 'the subscription' });
      const answered = request(app)
        .post('/sessions')
        .set('Prefer', 'wait=20')
        .send(body(sessionId))
        .then((response) => response);
      const records = await readTopic(brokers, topic, index + 1);
      const record = records.find(({ key }) => key?.toString() === `user-${sessionId}`);
      const [named, id] = (record?.headers?.['x-reply-to']?.toString() ?? '').split('#');
      expect(named).toBe(channel);
      const reply = { id, eventId: sessionId, userId: `user-${sessionId}`, outcome: 'processed', state };
      expect(await processor.publish(channel, JSON.stringify(reply))).toBe(1);
      const response = await answered;
      expect([response.status, response.body.streak.longestStreak]).toEqual([201, 1]);
      await killConnection(processor, subscriberName);
    }
  });
});
