import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';

/** A plain kafkajs producer, closed at the end. With an id it is transactional. */
export async function withProducer<T>(
  brokers: readonly string[],
  use: (producer: Producer) => Promise<T>,
  transactionalId?: string,
): Promise<T> {
  const kafka = new Kafka({
    clientId: 'test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 1_000, retries: 200 },
  });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    ...(transactionalId === undefined ? {} : { transactionalId, maxInFlightRequests: 1, idempotent: true }),
  });
  await producer.connect();
  try {
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

export function sendRaw(brokers: readonly string[], topic: string, messages: Message[]): Promise<unknown> {
  return withProducer(brokers, (producer) => producer.send({ topic, acks: -1, messages }));
}
