import type { Batch, KafkaMessage } from 'kafkajs';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { SourceRecord } from '../projection';

/** kafkajs' Batch, with what our patch of it adds: the bytes after `messages` could not be decoded. */
export type ReadableBatch = Batch & { readonly decodeError?: Error };

export type BatchVerdict =
  | { readonly kind: 'records'; readonly records: readonly SourceRecord[]; readonly nextOffset: bigint }
  /** Not at our position: kafkajs reset or lost its offset (it does so silently). The records are refused. */
  | { readonly kind: 'wrong-position' }
  | { readonly kind: 'unreadable'; readonly error: Error };

/** Decides about a batch before a record of it is looked at. */
export function judgeBatch(batch: ReadableBatch, owned: OwnedPartition): BatchVerdict {
  if (BigInt((batch as unknown as { fetchedOffset: string }).fetchedOffset) !== owned.fetchCursor) {
    return { kind: 'wrong-position' };
  }
  const { decodeError } = batch;
  if (decodeError && batch.messages.length === 0) return { kind: 'unreadable', error: decodeError };
  const records = batch.messages.map((message) => toSourceRecord(batch, owned.topicId, message));
  // Before an unreadable tail only the readable records count; the tail is met alone by the next fetch.
  const lastOffset = decodeError ? (records.at(-1)?.offset ?? -1n) : BigInt(batch.lastOffset());
  return { kind: 'records', records, nextOffset: lastOffset + 1n };
}

const toSourceRecord = (batch: Batch, topicId: string, message: KafkaMessage): SourceRecord => ({
  topic: batch.topic,
  topicId,
  partition: batch.partition,
  offset: BigInt(message.offset),
  timestampMs: Number(message.timestamp),
  key: message.key,
  value: message.value,
  headers: message.headers ?? {},
});
