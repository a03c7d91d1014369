import type { Admin, Kafka } from 'kafkajs';
import type { LogReader } from '../assignment/assignment';

export interface OpenLogReader extends LogReader {
  /** Partitions of the topic as last seen; 0 before the first answer. */
  partitionCount(): number;
  close(): Promise<void>;
}

/**
 * Reads watermarks and the topic's id. Callers of one moment share a question (twelve partitions are claimed at once), but
 * nobody is given the answer to a question put before he asked: a claim compares it with a position read just now, and
 * an older end of the log would look like a truncated one.
 */
export function createLogReader(options: {
  readonly topic: string;
  readonly createKafka: () => Kafka;
  readonly fetchTopicId: () => Promise<string>;
  readonly onHighWatermark: (partition: number, highWatermark: bigint) => void;
}): OpenLogReader {
  let admin: Promise<Admin> | undefined;
  let partitionCount = 0;
  let isClosed = false;

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
    if (isClosed) throw new Error('the log reader is closed'); // a late claim would leave a connection behind
    admin ??= connect();
    try {
      const offsets = await (await admin).fetchTopicOffsets(options.topic);
      partitionCount = offsets.length;
      for (const { partition, high } of offsets) options.onHighWatermark(partition, BigInt(high));
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
    async close() {
      isClosed = true;
      await discard();
    },
  };
}

function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let notYetAsked: Promise<T> | undefined;
  return () => {
    notYetAsked ??= Promise.resolve().then(() => {
      notYetAsked = undefined;
      return ask();
    });
    return notYetAsked;
  };
}
