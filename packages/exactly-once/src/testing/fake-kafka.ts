import { decodeRecordBody } from '@streaks/testing/decode-record-body';
import type { Message } from 'kafkajs';
import type { EncodedMessage, PublisherClient } from '../publish/shard/shard-producer';
import { settled } from './fixtures';

export type KafkaOperation = 'connect' | 'init' | 'fetchOffsets' | 'send' | 'sendOffsets' | 'commit';

/** `request`: it never arrives. `reply`: it is done, and nobody hears of it. */
export type KafkaFault = 'none' | 'request' | 'reply';

interface Transaction {
  outcome: 'open' | 'committed' | 'aborted';
  readonly offsets: Map<string, { offset: string; metadata: string | null }>;
}

interface Stored {
  readonly message: Message;
  readonly transaction: Transaction;
}

const toStored = ({ partition, encodedRecord }: EncodedMessage): Message => {
  const { key, value } = decodeRecordBody(encodedRecord);
  return { key, value, ...(partition === undefined ? {} : { partition }) };
};

class KafkaError extends Error {
  constructor(
    message: string,
    readonly type?: string,
  ) {
    super(message);
  }
}

export interface FakeKafka {
  fault: (operation: KafkaOperation, transactionalId: string) => KafkaFault;
  maxMessageBytes: number;
  readonly offsets: Map<string, { offset: string; metadata: string | null }>;
  readonly sends: { readonly topic: string; readonly messages: readonly Message[] }[];
  /** Client objects connected and not disconnected. */
  connected: number;
  mostOpening: number;
  producers: number;
  commits: number;
  client(): PublisherClient;
  /** What a read_committed reader of the partition sees by now. */
  readCommitted(topic: string, partition: number): Message[];
}

/**
 * What a broker does with transactions: fencing by epoch, offsets that count with the commit, and batches taken for repeats
 * by their sequence number. Its clients behave as kafkajs does: a sequence number is used again after an error.
 */
export function createFakeKafka(): FakeKafka {
  const epochs = new Map<string, number>();
  const open = new Map<string, Transaction>();
  const sequences = new Map<string, number>();
  const logs = new Map<string, Stored[]>();
  let opening = 0;

  const settle = (id: string, outcome: 'committed' | 'aborted') => {
    const transaction = open.get(id);
    if (!transaction) return;
    transaction.outcome = outcome;
    if (outcome === 'committed') for (const [place, offset] of transaction.offsets) kafka.offsets.set(place, offset);
    open.delete(id);
  };

  const request = async <Result>(operation: KafkaOperation, id: string, work: () => Result): Promise<Result> => {
    const fault = kafka.fault(operation, id);
    await settled();
    if (fault === 'request') throw new KafkaError(`${operation}: the request was lost`);
    const result = work();
    await settled();
    if (fault === 'reply') throw new KafkaError(`${operation}: the reply was lost`);
    return result;
  };

  const createProducer = ({ transactionalId: id }: { transactionalId: string }) => {
    let epoch = 0;
    let isInTransaction = false;
    const next = new Map<string, number>();
    const inTransaction = (): Transaction => {
      if (epochs.get(id) !== epoch) throw new KafkaError('fenced', 'INVALID_PRODUCER_EPOCH');
      const transaction = open.get(id) ?? { outcome: 'open' as const, offsets: new Map() };
      open.set(id, transaction);
      return transaction;
    };
    let isConnected = false;
    const transaction = {
      send: async ({ topic, messages: encoded }: { topic: string; messages: EncodedMessage[] }) => {
        const messages = encoded.map(toStored);
        const place = `${topic}/${messages[0]?.partition}`;
        const sequence = next.get(place) ?? 0;
        await request('send', id, () => {
          const current = inTransaction();
          if (messages.some(({ value }) => (value?.length ?? 0) > kafka.maxMessageBytes)) {
            throw new KafkaError('too large', 'MESSAGE_TOO_LARGE');
          }
          const expected = `${id}/${epoch}/${place}`;
          if (sequence < (sequences.get(expected) ?? 0)) return; // taken for a repeat
          sequences.set(expected, sequence + messages.length);
          kafka.sends.push({ topic, messages });
          const log = logs.get(place) ?? [];
          logs.set(place, log);
          log.push(...messages.map((message) => ({ message, transaction: current })));
        });
        next.set(place, sequence + messages.length); // not after an error: D2 of kafkajs
      },
      sendOffsets: ({
        consumerGroupId,
        topics,
      }: {
        consumerGroupId: string;
        topics: { topic: string; partitions: { partition: number; offset: string; metadata?: string }[] }[];
      }) =>
        request('sendOffsets', id, () => {
          const { offsets } = inTransaction();
          for (const { topic, partitions } of topics) {
            for (const { partition, offset, metadata } of partitions) {
              offsets.set(`${consumerGroupId}/${topic}/${partition}`, { offset, metadata: metadata ?? null });
            }
          }
        }),
      commit: async () => {
        await request('commit', id, () => {
          inTransaction();
          settle(id, 'committed');
          kafka.commits++;
        });
        isInTransaction = false;
      },
    };
    return {
      connect: () =>
        request('connect', id, () => {
          if (!isConnected) kafka.connected++;
          isConnected = true;
          kafka.producers++;
        }),
      disconnect: async () => {
        if (isConnected) kafka.connected--;
        isConnected = false;
      },
      transaction: async () => {
        if (isInTransaction) throw new KafkaError('There is already an ongoing transaction');
        if (epoch === 0) {
          kafka.mostOpening = Math.max(kafka.mostOpening, ++opening);
          await request('init', id, () => {
            settle(id, 'aborted');
            epoch = (epochs.get(id) ?? 0) + 1;
            epochs.set(id, epoch);
          }).finally(() => opening--);
        }
        isInTransaction = true;
        return transaction;
      },
    };
  };

  const kafka: FakeKafka = {
    fault: () => 'none',
    maxMessageBytes: Number.POSITIVE_INFINITY,
    offsets: new Map(),
    sends: [],
    connected: 0,
    mostOpening: 0,
    producers: 0,
    commits: 0,
    client: () => ({
      producer: createProducer,
      admin: () => ({
        connect: async () => undefined,
        disconnect: async () => undefined,
        fetchOffsets: ({ groupId, topics }) =>
          request('fetchOffsets', groupId, () =>
            topics.map((topic) => ({
              topic,
              partitions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((partition) => ({
                partition,
                ...(kafka.offsets.get(`${groupId}/${topic}/${partition}`) ?? { offset: '-1', metadata: null }),
              })),
            })),
          ),
      }),
    }),
    readCommitted: (topic, partition) => {
      const log = logs.get(`${topic}/${partition}`) ?? [];
      const firstOpen = log.findIndex((stored) => stored.transaction.outcome === 'open');
      return log
        .slice(0, firstOpen === -1 ? log.length : firstOpen)
        .filter(({ transaction }) => transaction.outcome === 'committed')
        .map(({ message }) => message);
    },
  };
  return kafka;
}
