import type { IHeaders, Message, RecordMetadata, RetryOptions } from 'kafkajs';
import { partitionForKey } from '../partition-for-key';

/** What is used of a Kafka client; `createKafka` gives one. */
export interface ProducerClient {
  producer(config: {
    readonly idempotent: true;
    readonly maxInFlightRequests: 1;
    readonly allowAutoTopicCreation: false;
    readonly retry: RetryOptions;
  }): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    send(batch: { topic: string; acks: number; timeout: number; messages: Message[] }): Promise<RecordMetadata[]>;
  };
  admin(): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    fetchTopicMetadata(options: { topics: string[] }): Promise<{ topics: { partitions: readonly unknown[] }[] }>;
  };
}

type HeaderValue = string | Buffer;

export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
  /** Where a record without a key goes, modulo the number of partitions; 0 if absent. */
  readonly partition?: number;
}

export interface Delivered {
  readonly partition: number;
  readonly offset: bigint;
}

export interface DiscardingSenderOptions {
  /** A fresh Kafka client each time: kafkajs shares state between what comes from one. */
  readonly createKafka: () => ProducerClient;
  readonly topic: string;
  /** How long one try may take before its producer is given up. */
  readonly attemptTimeoutMs: number;
}

export interface DiscardingSender {
  /**
   * Appends the records, in order, each to the partition of its key. On any error the producer is thrown away, so that
   * no sequence number is ever used for two different batches: the broker would take the second for a repeat of the
   * first and acknowledge it without storing it. The next call makes a new one.
   */
  send(records: readonly OutgoingRecord[]): Promise<readonly Delivered[]>;
  /** Connects, and learns the number of partitions, ahead of need or again. Throws when Kafka is away. */
  refresh(): Promise<void>;
  readonly producersCreated: number;
  close(): Promise<void>;
  /** Resolves when no send that was given up is still under way inside kafkajs, which goes on with it for some seconds. */
  settled(): Promise<void>;
}

// A repeat on the same producer of the same batch is safe and settles a lost connection quickly; more is ours to do.
const PRODUCER_RETRY: RetryOptions = { initialRetryTime: 50, maxRetryTime: 500, retries: 2 };
const ALL_IN_SYNC_REPLICAS = -1;

type Producer = ReturnType<ProducerClient['producer']>;

export function createDiscardingSender(options: DiscardingSenderOptions): DiscardingSender {
  const { createKafka, topic, attemptTimeoutMs } = options;
  let current: Promise<Producer> | undefined;
  let partitions: number | undefined;
  let producersCreated = 0;
  const givenUp = new Set<Promise<unknown>>();

  function obtain(): Promise<Producer> {
    current ??= connectProducer();
    return current;
  }

  async function connectProducer(): Promise<Producer> {
    producersCreated += 1;
    const producer = createKafka().producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: PRODUCER_RETRY,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      release(producer);
      throw error;
    }
  }

  function discard(producer: Promise<Producer>): void {
    if (current === producer) current = undefined;
    // One that is still connecting is released when it is done.
    producer.then(release, () => undefined);
  }

  async function fetchPartitions(): Promise<number> {
    const admin = createKafka().admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = topics[0]?.partitions.length ?? 0;
      if (count === 0) throw new Error(`topic ${topic} has no partitions`);
      return count;
    } finally {
      admin.disconnect().catch(() => undefined);
    }
  }

  async function sendOn(producer: Producer, records: readonly OutgoingRecord[]): Promise<readonly Delivered[]> {
    partitions ??= await fetchPartitions();
    const count = partitions;
    const chosen = records.map(({ key, partition = 0 }) =>
      key === null ? partition % count : partitionForKey(key, count),
    );
    const messages = records.map((record, index) => toMessage(record, chosen[index] ?? 0));
    const acknowledged = await producer.send({
      topic,
      acks: ALL_IN_SYNC_REPLICAS,
      timeout: attemptTimeoutMs,
      messages,
    });
    return deliveredOffsets(chosen, acknowledged);
  }

  return {
    get producersCreated() {
      return producersCreated;
    },
    async send(records) {
      const producer = obtain();
      const sending = producer.then((connected) => sendOn(connected, records));
      try {
        return await within(attemptTimeoutMs, () => sending);
      } catch (error) {
        discard(producer);
        // kafkajs goes on trying after a disconnect and connects anew: a send given up must not leave a connection open.
        const end = sending
          .then(ignore, ignore)
          .then(() => producer.then((connected) => connected.disconnect()))
          .then(ignore, ignore);
        givenUp.add(end);
        void end.then(() => givenUp.delete(end));
        throw error;
      }
    },
    async refresh() {
      const producer = obtain();
      try {
        await within(attemptTimeoutMs, async () => await producer);
      } catch (error) {
        discard(producer);
        throw error;
      }
      partitions = await within(attemptTimeoutMs, fetchPartitions);
    },
    async close() {
      const producer = current;
      current = undefined;
      await producer?.then(
        (connected) => connected.disconnect(),
        () => undefined,
      );
    },
    async settled() {
      await Promise.all(givenUp);
    },
  };
}

function ignore(): void {}

function release(producer: Producer): void {
  producer.disconnect().catch(() => undefined);
}

function toMessage({ key, value, headers }: OutgoingRecord, partition: number): Message {
  return { key, value, partition, ...(headers === undefined ? {} : { headers: toHeaders(headers) }) };
}

function toHeaders(headers: NonNullable<OutgoingRecord['headers']>): IHeaders {
  const entries = Object.entries(headers).map(([name, value]) => [name, isList(value) ? [...value] : value] as const);
  return Object.fromEntries(entries);
}

const isList = (value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] => Array.isArray(value);

/** Offsets of the records of each partition follow each other from the base offset that the broker gave. */
function deliveredOffsets(chosen: readonly number[], acknowledged: readonly RecordMetadata[]): readonly Delivered[] {
  const next = new Map(acknowledged.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? -1)]));
  return chosen.map((partition) => {
    const offset = next.get(partition);
    if (offset === undefined) throw new Error(`partition ${partition} was not acknowledged`);
    // -1: a repeat whose first offset the broker no longer knew.
    next.set(partition, offset < 0n ? offset : offset + 1n);
    return { partition, offset };
  });
}

async function within<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Kafka within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
