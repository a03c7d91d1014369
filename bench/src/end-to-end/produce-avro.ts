import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createSessionEncoder } from '@streaks/shared/contracts/session-codec';
import type { Session } from '@streaks/shared/domain/session';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { Kafka, logLevel, type Producer } from 'kafkajs';

const RECORDS_A_REQUEST = 5_000;

export interface AvroProducer {
  send(sessions: readonly Session[]): Promise<void>;
  close(): Promise<void>;
}

/** A plain kafkajs producer of Avro sessions, keyed by user; acknowledged by all replicas. */
export async function openAvroProducer(
  pipeline: Pick<Pipeline, 'brokers' | 'topic' | 'environment'>,
): Promise<AvroProducer> {
  const registry = new SchemaRegistry({ host: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '' });
  const encoder = await createSessionEncoder(registry);
  const kafka = new Kafka({ clientId: 'bench', brokers: [...pipeline.brokers], logLevel: logLevel.NOTHING });
  const producer: Producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    send: async (sessions) => {
      const messages = sessions.map((session) => ({ key: session.userId, value: encoder.encode(session) }));
      await producer.send({ topic: pipeline.topic, acks: -1, messages });
    },
    close: () => producer.disconnect(),
  };
}

export async function produceAvro(pipeline: Pipeline, sessions: readonly Session[]): Promise<void> {
  const producer = await openAvroProducer(pipeline);
  try {
    for (let from = 0; from < sessions.length; from += RECORDS_A_REQUEST) {
      await producer.send(sessions.slice(from, from + RECORDS_A_REQUEST));
    }
  } finally {
    await producer.close();
  }
}
