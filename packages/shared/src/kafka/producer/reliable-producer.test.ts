import { partitionForKey } from '../partition-for-key';
import {
  BufferFullError,
  createReliableProducer,
  KafkaUnavailableError,
  type OutgoingRecord,
  type ProducerClient,
  RecordRefusedError,
  type ReliableProducer,
  type ReliableProducerOptions,
} from './reliable-producer';

interface Sent {
  readonly producer: number;
  readonly keys: readonly string[];
  readonly partitions: readonly (number | undefined)[];
}

/** What happens to one try: acknowledged, an error, or no answer at all. A function decides by the batch's keys. */
type Outcome = 'ok' | 'hang' | Error | ((keys: readonly string[]) => Error | 'ok');

interface FakeKafka {
  readonly sent: Sent[];
  readonly configs: object[];
  readonly disconnected: number[];
  readonly acknowledged: string[];
  partitions: number;
  /** Outcomes of the next tries, in order; after the last one all is well. */
  script: Outcome[];
  connectError: Error | undefined;
  clients: number;
  readonly createKafka: () => ProducerClient;
}

function createFakeKafka(): FakeKafka {
  const nextOffset = new Map<number, number>();
  const kafka: FakeKafka = {
    sent: [],
    configs: [],
    disconnected: [],
    acknowledged: [],
    partitions: 3,
    script: [],
    connectError: undefined,
    clients: 0,
    createKafka: () => {
      kafka.clients += 1;
      const client = kafka.clients;
      return {
        producer(config) {
          kafka.configs.push(config);
          return {
            connect: async () => {
              if (kafka.connectError !== undefined) throw kafka.connectError;
            },
            disconnect: async () => void kafka.disconnected.push(client),
            send: async ({ messages }) => {
              // Answers come from the network, never within the same turn of the event loop.
              await new Promise((resolve) => setImmediate(resolve));
              const keys = messages.map(({ key }) => String(key));
              const partitions = messages.map(({ partition }) => partition);
              kafka.sent.push({ producer: client, keys, partitions });
              const step = kafka.script.shift() ?? 'ok';
              const outcome = typeof step === 'function' ? step(keys) : step;
              if (outcome === 'hang') return await new Promise(() => undefined);
              if (outcome instanceof Error) throw outcome;
              kafka.acknowledged.push(...keys);
              return [...new Set(partitions)].map((partition = 0) => {
                const base = nextOffset.get(partition) ?? 0;
                nextOffset.set(partition, base + partitions.filter((one) => one === partition).length);
                return { topicName: 'events', partition, errorCode: 0, baseOffset: String(base) };
              });
            },
          };
        },
        admin: () => ({
          connect: async () => {
            if (kafka.connectError !== undefined) throw kafka.connectError;
          },
          disconnect: async () => undefined,
          fetchTopicMetadata: async () => ({ topics: [{ partitions: Array.from({ length: kafka.partitions }) }] }),
        }),
      };
    },
  };
  return kafka;
}

class KafkaProtocolError extends Error {
  constructor(readonly type: string) {
    super(type);
  }
}

const open: ReliableProducer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((producer) => producer.close({ deadlineMs: 0 })));
});

function create(kafka: FakeKafka, overrides: Partial<ReliableProducerOptions> = {}): ReliableProducer {
  const producer = createReliableProducer({
    createKafka: kafka.createKafka,
    topic: 'events',
    attemptTimeoutMs: 1000,
    maxBufferedRecords: 1000,
    maxBufferedBytes: 1_000_000,
    maxRecordBytes: 1000,
    lingerMs: 1,
    maxBatchRecords: 100,
    maxBatchBytes: 100_000,
    deliveryTimeoutMs: 2000,
    retryBackoffMs: 1,
    refreshMs: 60_000,
    now: () => performance.now(),
    ...overrides,
  });
  open.push(producer);
  return producer;
}

function record(key: string, bytes = 10): OutgoingRecord {
  return { key, value: Buffer.alloc(bytes) };
}

function sendAll(producer: ReliableProducer, keys: readonly string[]) {
  return Promise.all(keys.map((key) => producer.send(record(key))));
}

const KEYS = Array.from({ length: 20 }, (_, index) => `user-${index}`);

it('sends with explicit partitions and an idempotent producer, and tells where each record went', async () => {
  const kafka = createFakeKafka();
  const delivered = await sendAll(create(kafka), KEYS);

  expect(kafka.configs[0]).toMatchObject({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const expected = KEYS.map((key) => partitionForKey(key, 3));
  expect(kafka.sent).toHaveLength(1);
  expect(kafka.sent[0]?.partitions).toEqual(expected);
  const seen = new Map<number, bigint>();
  expect(delivered).toEqual(
    expected.map((partition) => {
      const offset = seen.get(partition) ?? 0n;
      seen.set(partition, offset + 1n);
      return { partition, offset };
    }),
  );
});

it('gathers what arrives while a batch is under way into the next one', async () => {
  const kafka = createFakeKafka();
  const producer = create(kafka, { lingerMs: 0, maxBatchRecords: 8 });
  await producer.send(record('first'));
  await sendAll(producer, KEYS);
  expect(kafka.sent.map(({ keys }) => keys.length)).toEqual([1, 8, 8, 4]);
  expect(kafka.acknowledged).toEqual(['first', ...KEYS]);
});

describe('after an error', () => {
  const errors: readonly (readonly [string, Outcome])[] = [
    ['a lost connection', new Error('socket closed')],
    ['a retriable broker error', new KafkaProtocolError('NOT_ENOUGH_REPLICAS')],
    ['a fatal broker error', new KafkaProtocolError('OUT_OF_ORDER_SEQUENCE_NUMBER')],
    ['no answer at all', 'hang'],
  ];
  it.each(errors)(
    '(%s) the producer is never used again, and the very batch goes out on a new one',
    async (_, error) => {
      const kafka = createFakeKafka();
      kafka.script = [error, error];
      const producer = create(kafka, { attemptTimeoutMs: 20 });
      await sendAll(producer, KEYS);

      expect(kafka.sent.map(({ keys }) => keys)).toEqual([KEYS, KEYS, KEYS]);
      expect(new Set(kafka.sent.map(({ producer: id }) => id)).size).toBe(3);
      const [first, second] = kafka.sent;
      expect(kafka.disconnected).toEqual(expect.arrayContaining([first?.producer, second?.producer]));
      expect(producer.stats()).toMatchObject({ acknowledged: 20, rejected: 0, failedAttempts: 2, bufferedRecords: 0 });
      expect(producer.health()).toEqual({ state: 'ready' });
    },
  );

  it('that only one record causes, that record alone is refused', async () => {
    const kafka = createFakeKafka();
    const refuse = (keys: readonly string[]) =>
      keys.includes('user-13') ? new KafkaProtocolError('MESSAGE_TOO_LARGE') : ('ok' as const);
    kafka.script = Array.from({ length: 50 }, () => refuse);
    const producer = create(kafka);
    const results = await Promise.allSettled(KEYS.map((key) => producer.send(record(key))));

    const refused = results.flatMap((result, index) =>
      result.status === 'rejected' ? [[KEYS[index], result.reason]] : [],
    );
    expect(refused).toEqual([['user-13', expect.any(RecordRefusedError)]]);
    expect(producer.health().state).toBe('ready');
    expect(kafka.acknowledged).toEqual(KEYS.filter((key) => key !== 'user-13'));
    // Each refusal cost a producer: none is used after its error.
    expect(new Set(kafka.sent.filter((_, index) => index > 0).map(({ producer: id }) => id)).size).toBeGreaterThan(4);
  });

  it('that lasts, each record is rejected at its deadline, and buffers are given back', async () => {
    const kafka = createFakeKafka();
    kafka.script = Array.from({ length: 10_000 }, () => new Error('away'));
    // All records get one deadline, however slow the machine is.
    const startMs = performance.now();
    let isSending = true;
    const now = () => (isSending ? startMs : performance.now());
    const producer = create(kafka, { deliveryTimeoutMs: 50, retryBackoffMs: 5, maxBatchRecords: 15, now });
    const sending = KEYS.map((key) => producer.send(record(key)));
    isSending = false;
    const results = await Promise.allSettled(sending);
    const outcomes = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
    expect(outcomes.every((error) => error instanceof KafkaUnavailableError && error.message.includes('away'))).toBe(
      true,
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array(15).fill('unknown'),
      ...Array(5).fill('not_sent'),
    ]);
    expect(producer.health()).toEqual({ state: 'failing', lastError: 'away' });

    kafka.script = [];
    await expect(producer.send(record('later'))).resolves.toMatchObject({ partition: partitionForKey('later', 3) });
    expect(producer.stats()).toMatchObject({ bufferedRecords: 0, bufferedBytes: 0 });
  });

  it('to connect, it connects again', async () => {
    const kafka = createFakeKafka();
    kafka.connectError = new Error('ECONNREFUSED');
    const producer = create(kafka, { retryBackoffMs: 5 });
    const sending = producer.send(record('user'));
    await expect(producer.send(record('user', 2000))).rejects.toBeInstanceOf(RecordRefusedError);
    setTimeout(() => {
      kafka.connectError = undefined;
    }, 20);
    await expect(sending).resolves.toMatchObject({ offset: 0n });
  });
});

it('takes no more than its buffer holds, at once and without loss of what it took', async () => {
  const kafka = createFakeKafka();
  kafka.script = [new Error('away')];
  const producer = create(kafka, { maxBufferedRecords: 5, retryBackoffMs: 20 });
  const results = await Promise.allSettled(KEYS.map((key) => producer.send(record(key))));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(KEYS.map((_, index) => index < 5));
  expect(
    results.slice(5).every((result) => result.status === 'rejected' && result.reason instanceof BufferFullError),
  ).toBe(true);
});

it('counts bytes as well as records', async () => {
  const producer = create(createFakeKafka(), { maxBufferedBytes: 1000 });
  const first = producer.send(record('a', 800));
  await expect(producer.send(record('b', 800))).rejects.toBeInstanceOf(BufferFullError);
  await first;
  await expect(producer.send(record('b', 800))).resolves.toBeDefined();
});

it('learns of added partitions', async () => {
  const kafka = createFakeKafka();
  const producer = create(kafka, { refreshMs: 5 });
  await producer.send(record('user'));
  kafka.partitions = 50;
  let partition = 0;
  for (const deadline = Date.now() + 2000; partition !== partitionForKey('user', 50) && Date.now() < deadline; ) {
    ({ partition } = await producer.send(record('user')));
  }
  expect(partition).toBe(partitionForKey('user', 50));
});

describe('close', () => {
  it('sends what waits, then takes no more', async () => {
    const kafka = createFakeKafka();
    const producer = create(kafka, { lingerMs: 60_000 });
    const sending = sendAll(producer, KEYS);
    await producer.close({ deadlineMs: 1000 });
    await expect(sending).resolves.toHaveLength(20);
    await expect(producer.send(record('late'))).rejects.toMatchObject({ outcome: 'not_sent' });
    expect(kafka.disconnected).toContain(kafka.sent[0]?.producer);
  });

  it('rejects what is not acknowledged by its deadline', async () => {
    const kafka = createFakeKafka();
    kafka.script = ['hang'];
    const producer = create(kafka, { attemptTimeoutMs: 500, deliveryTimeoutMs: 60_000 });
    const sending = producer.send(record('user'));
    const rejection = expect(sending).rejects.toMatchObject({ name: 'KafkaUnavailableError', outcome: 'unknown' });
    await producer.close({ deadlineMs: 30 });
    await rejection;
  });
});
