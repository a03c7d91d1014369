import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import { registerUserEvents } from '@streaks/shared/contracts/user-event-encoder';
import type { Session } from '@streaks/shared/domain/events/session';
import { Kafka, logLevel, type Producer } from 'kafkajs';

export interface AvroProducerOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly registryUrl: string;
}

export interface AvroProducer {
  send(sessions: readonly Session[]): Promise<void>;
  sendEvents(events: readonly UserEventToSend[]): Promise<void>;
  close(): Promise<void>;
}

/** A plain kafkajs producer of Avro records, keyed by user; acknowledged by all replicas. */
export async function openAvroProducer({ brokers, topic, registryUrl }: AvroProducerOptions): Promise<AvroProducer> {
  const encoder = await registerUserEvents(new SchemaRegistry({ host: registryUrl }));
  const kafka = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer: Producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sendEvents = async (events: readonly UserEventToSend[]) => {
    const messages = events.map((event) => ({ key: event.userId, value: encoder.encode(event) }));
    await producer.send({ topic, acks: -1, messages });
  };
  return {
    sendEvents,
    send: (sessions) => sendEvents(sessions.map((session) => ({ kind: 'session', ...session }))),
    close: () => producer.disconnect(),
  };
}
