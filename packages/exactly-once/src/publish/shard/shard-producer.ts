import type { Message, RetryOptions } from 'kafkajs';
import { type GroupOffset, markMetadata } from '../mark';
import type { OutputRecord } from '../publication';
import type { Send } from './plan-sends';

interface TransactionClient {
  send(record: { topic: string; acks: number; timeout: number; messages: EncodedMessage[] }): Promise<unknown>;
  sendOffsets(offsets: {
    consumerGroupId: string;
    topics: { topic: string; partitions: { partition: number; offset: string; metadata?: string }[] }[];
  }): Promise<void>;
  commit(): Promise<void>;
}

/** What is used of a Kafka client; `createKafka` of @streaks/shared gives one. */
export interface PublisherClient {
  producer(config: {
    readonly transactionalId: string;
    readonly transactionTimeout: number;
    readonly idempotent: true;
    readonly maxInFlightRequests: 1;
    readonly allowAutoTopicCreation: false;
    readonly retry: RetryOptions;
  }): { connect(): Promise<void>; disconnect(): Promise<void>; transaction(): Promise<TransactionClient> };
  admin(): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    fetchOffsets(options: {
      groupId: string;
      topics: string[];
    }): Promise<{ topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[]>;
  };
}

/** How kafkajs must be set up. The transactions' manager looks at the client's retries alone, never at the producer's. */
export interface PublisherClientSettings {
  readonly retry: RetryOptions;
  readonly requestTimeoutMs: number;
}

export interface ShardProducerOptions {
  /** A new client each time, made with these settings: kafkajs shares state between what comes from one. */
  readonly createKafka: (settings: PublisherClientSettings) => PublisherClient;
  /** Of the marks; also the beginning of each transactional id. */
  readonly groupId: string;
  /** Shard s keeps its mark as the group's offset for partition s of this topic. */
  readonly markTopic: string;
  /** After this the broker aborts a transaction by itself, and readers see past it. Nothing of ours takes longer. */
  readonly transactionTimeoutMs: number;
  /** Told of each producer that is being discarded: resolves when kafkajs has let go of its connections, a while after an error. */
  readonly onDiscarding: (ending: Promise<void>) => void;
}

/** One life of a shard's producer. After any error it is discarded. */
export interface ShardProducer {
  /** Only after the producer was opened: what its predecessor left open has been settled by then. */
  readMark(): Promise<GroupOffset>;
  /**
   * One transaction. `onStep` is called after the records, the mark and the commit.
   * @throws whatever went wrong; whether it was committed is then for the next producer to find
   */
  publish(
    sends: readonly Send[],
    mark: { readonly seq: bigint; readonly epoch: bigint },
    onStep: (step: 'P4_SENT' | 'P5_MARK_SENT' | 'P6_COMMITTED') => void | Promise<void>,
  ): Promise<void>;
  /** Ends its connections; nothing that is still under way goes any further. */
  discard(): void;
}

const ALL_IN_SYNC_REPLICAS = -1;

/** CONCURRENT_TRANSACTIONS is met often and passes within some milliseconds; an outage is ours to wait out. */
const RETRY: RetryOptions = { initialRetryTime: 10, factor: 0.2, multiplier: 1.5, maxRetryTime: 500, retries: 12 };

/** A new producer whose first transaction has begun: the one before it is fenced, and what that left open is settled. */
export async function openShardProducer(options: ShardProducerOptions, shard: number): Promise<ShardProducer> {
  const { groupId, markTopic, transactionTimeoutMs } = options;
  const client = options.createKafka({ retry: RETRY, requestTimeoutMs: Math.floor(transactionTimeoutMs / 3) });
  const producer = client.producer({
    transactionalId: `${groupId}-${shard}`,
    transactionTimeout: transactionTimeoutMs,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: RETRY,
  });
  let underWay: Promise<unknown> = Promise.resolve();
  const run = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const working = work();
    underWay = working.catch(() => undefined);
    return within(transactionTimeoutMs, working);
  };
  let isDiscarded = false;
  const end = async () => {
    await producer.disconnect().catch(() => undefined);
    // kafkajs goes on trying after a disconnect, and connects anew to do so.
    await underWay;
    await producer.disconnect().catch(() => undefined);
  };
  const discard = () => {
    if (isDiscarded) return;
    isDiscarded = true;
    options.onDiscarding(end());
  };
  const assertInUse = () => {
    if (isDiscarded) throw new Error('this producer was given up');
  };

  let isFirst = true;
  let first: TransactionClient;
  try {
    first = await run(async () => {
      await producer.connect();
      return producer.transaction(); // not connect() but this fences
    });
  } catch (error) {
    discard();
    throw error;
  }

  const begin = async (): Promise<TransactionClient> => {
    if (!isFirst) return producer.transaction();
    isFirst = false;
    return first;
  };

  return {
    readMark: () => run(() => readGroupOffset(client, groupId, markTopic, shard)),
    publish: (sends, mark, onStep) =>
      run(async () => {
        const transaction = await begin();
        // Records first: kafkajs repeats them while the last transaction is still being closed, but never an offset.
        for (const { topic, partition, records } of sends) {
          assertInUse();
          await transaction.send({
            topic,
            acks: ALL_IN_SYNC_REPLICAS,
            timeout: transactionTimeoutMs,
            messages: records.map((record) => toMessage(record, partition)),
          });
        }
        await onStep('P4_SENT');
        assertInUse();
        const offset = { partition: shard, offset: String(mark.seq), metadata: markMetadata(mark.epoch, mark.seq) };
        await transaction.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic: markTopic, partitions: [offset] }],
        });
        await onStep('P5_MARK_SENT');
        assertInUse();
        await transaction.commit();
        await onStep('P6_COMMITTED');
      }),
    discard,
  };
}

async function readGroupOffset(
  client: PublisherClient,
  groupId: string,
  markTopic: string,
  shard: number,
): Promise<GroupOffset> {
  const admin = client.admin();
  try {
    await admin.connect();
    const topics = await admin.fetchOffsets({ groupId, topics: [markTopic] });
    const marks = topics.find(({ topic }) => topic === markTopic)?.partitions;
    const found = marks?.find(({ partition }) => partition === shard);
    if (!found) throw new Error(`topic ${markTopic} has no partition ${shard}`);
    return { offset: BigInt(found.offset), metadata: found.metadata };
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** A message of the patched kafkajs, which sends the bytes as they are and looks at neither key, value nor headers. */
export interface EncodedMessage extends Message {
  readonly value: null;
  readonly encodedRecord: Buffer;
}

const toMessage = ({ body }: OutputRecord, partition: number): EncodedMessage => ({
  value: null,
  partition,
  encodedRecord: body,
});

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Kafka within ${timeoutMs} ms`)), timeoutMs).unref();
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
