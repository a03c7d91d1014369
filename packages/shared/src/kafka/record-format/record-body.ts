import { createAvroWriter } from '../../contracts/avro/avro-encoder';
import type { RecordHeaders } from '../../contracts/headers';

const NULL_LENGTH = -1;

/**
 * Key, value and headers of a record as they stand in a record batch of Kafka (magic 2): lengths are zigzag varints, as
 * Avro's are. The patched kafkajs puts such bytes (`encodedRecord` of a message) into its batches as they are, so that they can
 * be made once, where the record is known, and go through threads and buffers as one piece.
 */
export type EncodeRecordBody = (
  key: string | Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders,
) => Buffer;

/** One buffer serves all records; what is returned is a copy. */
export function createRecordBodyEncoder(): EncodeRecordBody {
  const writer = createAvroWriter();
  const text = (value: string | Uint8Array): void => {
    if (typeof value === 'string') writer.string(value);
    else writer.bytes(value);
  };
  return (key, value, headers) => {
    writer.startPlain();
    if (key === null) writer.long(NULL_LENGTH);
    else text(key);
    if (value === null) writer.long(NULL_LENGTH);
    else writer.bytes(value);
    writer.long(headers.length >> 1);
    for (const part of headers) text(part);
    return writer.finish();
  };
}

/** The key's bytes as latin1, to tell keys apart; null where there is none. */
export function recordBodyKey(body: Buffer): string | null {
  let zigzag = 0;
  let at = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = body[at++] ?? 0;
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return zigzag & 1 ? null : body.toString('latin1', at, at + (zigzag >>> 1));
}
