import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { createEventEncoder } from '../../producers/event-encoder';
import type { Chunk, InputTopic } from './input-event';
import { toMessages } from './to-messages';

export interface ChunkSenderOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topics: Readonly<Record<InputTopic, string>>;
  /** Of this run alone: begins the transactional ids. */
  readonly name: string;
}

/** Sends chunks so that none is lost, whatever happens to the brokers. One chunk at a time. */
export interface ChunkSender {
  /** Resolves when the chunk's fate is settled. A chunk whose acknowledgement was lost is sent again. */
  send(chunk: Chunk): Promise<void>;
  /** How often a chunk had to be sent again. */
  resends(): number;
  close(): Promise<void>;
}

const RETRY_PAUSE_MS = 200;

/** A producer that failed once is never used again: kafkajs would use its sequence numbers for other records. */
export async function createChunkSender(options: ChunkSenderOptions): Promise<ChunkSender> {
  const { brokers, registryUrl, topics, name } = options;
  const encode = await createEventEncoder(registryUrl);
  const batchOf = (chunk: Chunk) => ({ acks: -1, topicMessages: toMessages(chunk, topics, encode) });
  let resends = 0;
  const isClosing = new AbortController();
  let producers: Partial<Record<'idempotent' | 'committed', Producer>> = {};
  let openAbort: (() => Promise<void>) | undefined;

  const open = async (transactionalId?: string): Promise<Producer> => {
    const kafka = new Kafka({
      clientId: name,
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 20 },
    });
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      ...(transactionalId === undefined ? {} : { transactionalId, transactionTimeout: 30_000 }),
    });
    await producer.connect();
    return producer;
  };
  const discardAll = async (): Promise<void> => {
    const old = Object.values(producers);
    producers = {};
    await Promise.all(old.map((producer) => producer.disconnect().catch(() => undefined)));
  };
  const sendOnce = async (chunk: Chunk, mode: 'idempotent' | 'committed'): Promise<void> => {
    const producer = producers[mode] ?? (await open(mode === 'committed' ? `${name}-committed` : undefined));
    producers[mode] = producer;
    if (mode === 'idempotent') {
      await producer.sendBatch(batchOf(chunk));
      return;
    }
    const transaction = await producer.transaction();
    await transaction.sendBatch(batchOf(chunk));
    await transaction.commit();
  };
  /** Stays open while the next chunk is sent, so that its records lie between those of others. */
  const beginAborted = async (chunk: Chunk): Promise<void> => {
    const producer = await open(`${name}-aborted`);
    const transaction = await producer.transaction();
    openAbort = async () => {
      openAbort = undefined;
      try {
        await transaction.abort();
      } finally {
        await producer.disconnect().catch(() => undefined);
      }
    };
    await transaction.sendBatch(batchOf(chunk));
  };

  return {
    resends: () => resends,
    async send(chunk) {
      const { mode } = chunk;
      if (mode === 'aborted') {
        // Not aborted for sure is aborted later: by the next producer of that id, or by the broker when its time is up.
        await openAbort?.().catch(() => undefined);
        await beginAborted(chunk).catch(() => undefined);
        return;
      }
      for (;;) {
        try {
          await sendOnce(chunk, mode);
          await openAbort?.().catch(() => undefined);
          return;
        } catch (error) {
          await discardAll();
          if (isClosing.signal.aborted) throw error;
          resends += 1;
          await delay(RETRY_PAUSE_MS, undefined, { signal: isClosing.signal }).catch(() => undefined);
        }
      }
    },
    async close() {
      isClosing.abort();
      await openAbort?.().catch(() => undefined);
      await discardAll();
    },
  };
}
