import type { OutgoingRecord } from '@streaks/shared/kafka/producer/reliable-producer';
import { type DeadLetter, describePosition, REPLAYED_FROM } from './dead-letter';

/**
 * The record as it was, byte by byte, with the header that says where from; of a record that was replayed before it names the
 * last place only, so that each link of a chain leads to the one before. One without a key stays in its partition.
 */
export function toRecord(letter: DeadLetter): OutgoingRecord {
  const headers = { ...letter.headers, [REPLAYED_FROM]: [Buffer.from(describePosition(letter))] };
  return {
    key: letter.key,
    value: letter.value,
    headers,
    ...(letter.key === null ? { partition: letter.partition } : {}),
  };
}
