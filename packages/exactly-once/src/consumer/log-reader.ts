import type { Admin, Kafka } from 'kafkajs';
import type { LogReader } from '../assignment/assignment';

export interface OpenLogReader extends LogReader {
  /** Partitions of the topic as last seen; 0 before the first answer. */
  partitionCount(): number;
  close(): Promise<void>;
}

/**
 * Reads watermarks and the topic's id. Callers that ask while an answer is on its way share it (twelve partitions are
 * claimed at once); an answer is never kept for a later one.
 */
export function createLogReader(options: {
  readonly topic: string;
  readonly createKafka: () => Kafka;
  readonly fetchTopicId: () => Promise<string>;
}): OpenLogReader {
  let admin: Promise<Admin> | undefined;
  let partitionCount = 0;

  const connect = async (): Promise<Admin> => {
    const fresh = options.createKafka().admin();
    await fresh.connect();
    return fresh;
  };

  const discard = async (): Promise<void> => {
    const old = admin;
    admin = undefined;
    await old?.then((a) => a.disconnect()).catch(() => undefined);
  };

  const readWatermarks = async () => {
    admin ??= connect();
    try {
      const offsets = await (await admin).fetchTopicOffsets(options.topic);
      partitionCount = offsets.length;
      return new Map(offsets.map((o) => [o.partition, { low: BigInt(o.low), high: BigInt(o.high) }]));
    } catch (error) {
      await discard();
      throw error;
    }
  };

  return {
    readWatermarks: shared(readWatermarks),
    readTopicId: shared(options.fetchTopicId),
    partitionCount: () => partitionCount,
    close: discard,
  };
}

function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  return () => {
    pending ??= ask().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
