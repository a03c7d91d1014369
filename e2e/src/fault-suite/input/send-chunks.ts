import { setTimeout as delay } from 'node:timers/promises';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { registerUserEvents, type UserEventEncoder } from '@streaks/shared/contracts/user-event-encoder';
import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { toJson } from '../../producers/session-producer';
import { letterKeyOf } from '../check/expectation';
import type { Chunk, InputEvent } from './generate-chunks';

export interface ChunkSenderOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  /** Of this run alone: begins the transactional ids. */
  readonly name: string;
}

/** Header of a record that must become a dead letter: its `letterKey`. */
export const EXPECTED_LETTER_HEADER = 'expected-letter';

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
  const { brokers, registryUrl, topic, name } = options;
  const encoder = await registerUserEvents(new SchemaRegistry({ host: registryUrl }));
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
  const sendOnce = async ({ mode, format, events }: Chunk & { mode: 'idempotent' | 'committed' }): Promise<void> => {
    const messages = events.map((event) => toMessage(event, format, encoder));
    const producer = producers[mode] ?? (await open(mode === 'committed' ? `${name}-committed` : undefined));
    producers[mode] = producer;
    if (mode === 'idempotent') {
      await producer.send({ topic, acks: -1, messages });
      return;
    }
    const transaction = await producer.transaction();
    await transaction.send({ topic, acks: -1, messages });
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
    await transaction.send({
      topic,
      acks: -1,
      messages: chunk.events.map((event) => toMessage(event, chunk.format, encoder)),
    });
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
          await sendOnce({ ...chunk, mode });
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

function toMessage(event: InputEvent, format: Chunk['format'], encoder: UserEventEncoder): Message {
  const { partition } = event;
  const letter = letterKeyOf(event);
  const headers = letter === undefined ? {} : { headers: { [EXPECTED_LETTER_HEADER]: letter } };
  if (event.kind === 'bad') return { partition, key: event.key, value: event.value, ...headers };
  const { session } = event;
  return {
    partition,
    key: session.userId,
    value: format === 'avro' ? encoder.encode({ kind: 'session', ...session }) : toJson(session),
    ...headers,
  };
}
