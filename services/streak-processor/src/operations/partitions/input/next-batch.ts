import { type BrokerConnectionOptions, connectBroker } from '@streaks/shared/kafka/topic-id/broker-connection';
import type { Admin } from 'kafkajs';

/** Fetch 4: the oldest that a broker of Kafka 4 still speaks. */
const FETCH_API = { key: 1, version: 4, isFlexible: false } as const;
const NO_ERROR = 0;
const HEADER_BYTES = 27;
const LAST_OFFSET_DELTA_AT = 23;
const RECORD_FORMAT_AT = 16;
const RECORD_FORMAT = 2;

/** The broker that leads a partition, as host:port. */
export async function leaderOf(admin: Admin, topic: string, partition: number): Promise<string> {
  const [{ topics }, { brokers }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [topic] }),
    admin.describeCluster(),
  ]);
  const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader;
  const broker = brokers.find(({ nodeId }) => nodeId === leader);
  if (broker === undefined) throw new Error(`partition ${partition} of ${topic} has no leader now`);
  return `${broker.host}:${broker.port}`;
}

/**
 * The offset after the record batch that holds `offset`, from the header of the batch: what is inside need not be readable.
 * @throws when the header is damaged too
 */
export async function fetchNextBatchOffset(
  leader: string,
  at: { readonly topic: string; readonly partition: number; readonly offset: bigint },
  options: BrokerConnectionOptions,
): Promise<bigint> {
  const connection = await connectBroker(leader, options);
  try {
    const answer = await connection.request(FETCH_API, fetchRequest(at));
    return offsetAfterBatch(readRecords(answer), at.offset);
  } finally {
    connection.close();
  }
}

function fetchRequest({ topic, partition, offset }: { topic: string; partition: number; offset: bigint }): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(17);
  head.writeInt32BE(-1, 0); // a consumer, no replica
  head.writeInt32BE(1_000, 4); // most milliseconds to wait
  head.writeInt32BE(1, 8); // fewest bytes
  head.writeInt32BE(1, 12); // most bytes: the first batch comes whole all the same
  const topicHead = Buffer.alloc(6);
  topicHead.writeInt32BE(1, 0);
  topicHead.writeInt16BE(name.length, 4);
  const tail = Buffer.alloc(20);
  tail.writeInt32BE(1, 0);
  tail.writeInt32BE(partition, 4);
  tail.writeBigInt64BE(offset, 8);
  tail.writeInt32BE(1, 16);
  return Buffer.concat([head, topicHead, name, tail]);
}

/** The record batches of the one partition that was asked for. */
function readRecords(answer: Buffer): Buffer {
  let at = 4 + 4; // throttle time, number of topics
  at += 2 + answer.readInt16BE(at); // name
  at += 4 + 4; // number of partitions, partition
  const errorCode = answer.readInt16BE(at);
  if (errorCode !== NO_ERROR) throw new Error(`Kafka error ${errorCode} for a fetch of the batch`);
  at += 2 + 8 + 8; // error, high watermark, last stable offset
  const aborted = answer.readInt32BE(at);
  at += 4 + Math.max(0, aborted) * 16;
  const length = answer.readInt32BE(at);
  return answer.subarray(at + 4, at + 4 + Math.max(0, length));
}

export function offsetAfterBatch(batch: Buffer, offset: bigint): bigint {
  if (batch.length >= HEADER_BYTES && batch.readInt8(RECORD_FORMAT_AT) === RECORD_FORMAT) {
    const first = batch.readBigInt64BE(0);
    const next = first + BigInt(batch.readInt32BE(LAST_OFFSET_DELTA_AT)) + 1n;
    // Compaction and transactions leave gaps before a batch: it may begin after the offset asked for, never end before it.
    if (first >= 0n && next > offset) return next;
  }
  throw new Error(`the header of the batch at offset ${offset} is damaged too: say with --to where to go on`);
}
