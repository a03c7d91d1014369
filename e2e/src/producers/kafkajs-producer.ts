import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { registerUserEvents } from '@streaks/shared/contracts/user-event-encoder';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { SessionProducer } from './session-producer';

export interface KafkajsProducerOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
}

/** Avro by kafkajs, gzip batches, murmur2 of the key. */
export async function createKafkajsProducer(options: KafkajsProducerOptions): Promise<SessionProducer> {
  const encoder = await registerUserEvents(new SchemaRegistry({ host: options.registryUrl }));
  const kafka = new Kafka({ clientId: 'load', brokers: [...options.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    name: 'kafkajs Avro gzip',
    send: async (sessions) => {
      const messages = sessions.map((session) => ({
        key: session.userId,
        value: encoder.encode({ kind: 'session', ...session }),
      }));
      await producer.send({ topic: options.topic, acks: -1, compression: CompressionTypes.GZIP, messages });
    },
    close: () => producer.disconnect(),
  };
}
