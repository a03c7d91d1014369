import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createSessionEncoder } from '@streaks/shared/contracts/session-codec';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { SessionProducer } from './session-producer';

export interface KafkajsProducerOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
}

/** Avro by kafkajs, gzip batches, murmur2 of the key. */
export async function createKafkajsProducer(options: KafkajsProducerOptions): Promise<SessionProducer> {
  const encoder = await createSessionEncoder(new SchemaRegistry({ host: options.registryUrl }));
  const kafka = new Kafka({ clientId: 'load', brokers: [...options.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    name: 'kafkajs Avro gzip',
    send: async (sessions) => {
      const messages = sessions.map((session) => ({ key: session.userId, value: encoder.encode(session) }));
      await producer.send({ topic: options.topic, acks: -1, compression: CompressionTypes.GZIP, messages });
    },
    close: () => producer.disconnect(),
  };
}
