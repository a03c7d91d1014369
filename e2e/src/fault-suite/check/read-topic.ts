import { uniqueName } from '@streaks/testing/fresh-topic';
import { waitFor } from '@streaks/testing/wait-for';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';

export interface ReadTopicOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly timeoutMs?: number;
}

/**
 * Hands over all committed records of a topic, from its first to its present end, as our patched kafkajs sees them: those of a partition in offset order.
 * An open transaction hides what follows it: publish everything first.
 */
export async function readTopic(
  { brokers, topic, timeoutMs = 120_000 }: ReadTopicOptions,
  onRecord: (partition: number, message: KafkaMessage) => void | Promise<void>,
): Promise<void> {
  const kafka = new Kafka({ clientId: 'fault-check', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const groupId = uniqueName('fault-check');
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    // A fetch at the end of the topic is waited for when the consumer stops.
    maxWaitTimeInMs: 100,
  });
  let failure: unknown;
  try {
    await admin.connect();
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic))
        .filter(({ low, high }) => low !== high)
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const reach = (partition: number, next: bigint): void => {
      if (next >= (ends.get(partition) ?? 0n)) ends.delete(partition);
    };
    // Batches that hold nothing for a reader, control records among them, come to nobody's `eachBatch`.
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) reach(payload.partition, BigInt(payload.lastOffset) + 1n);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        try {
          for (const message of batch.messages) await onRecord(batch.partition, message);
          reach(batch.partition, BigInt(batch.lastOffset()) + 1n);
        } catch (error) {
          failure = error;
        }
      },
    });
    await waitFor(
      () => {
        if (failure !== undefined || ends.size === 0) return true;
        throw new Error(`not read to the end: partitions ${[...ends.keys()].join(', ')}`);
      },
      { description: `all of ${topic}`, timeoutMs },
    );
  } finally {
    await consumer.disconnect();
    await admin.disconnect();
  }
  if (failure !== undefined) throw failure;
}
