/** Bytes of record batches of format 2, as a broker sends them; for checking how kafkajs decodes them. */
export interface RecordBatchBytes {
  readonly firstOffset: number;
  readonly records: number;
  /** Attributes of the batch: the codec in the lowest three bits. */
  readonly attributes?: number;
  /** In place of the records. */
  readonly payload?: Buffer;
}

const HEADER_BYTES = 61;
/** What the length field does not count: the first offset and itself. */
const UNCOUNTED_BYTES = 12;
const FORMAT = 2;
const CRC_AT = 17;
const CHECKED_FROM = 21;
/** Castagnoli's, with its bits reversed. */
const CRC_POLYNOMIAL = 0x82f63b78;

export function recordBatch({ firstOffset, records, attributes = 0, payload }: RecordBatchBytes): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const body = payload ?? Buffer.concat(Array.from({ length: records }, (_, index) => emptyRecord(index)));
  header.writeBigInt64BE(BigInt(firstOffset), 0);
  header.writeInt32BE(HEADER_BYTES - UNCOUNTED_BYTES + body.length, 8);
  header.writeInt8(FORMAT, 16);
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(Math.max(0, records - 1), 23);
  header.writeBigInt64BE(-1n, 43);
  header.writeInt32BE(records, 57);
  const batch = Buffer.concat([header, body]);
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), CRC_AT);
  return batch;
}

/** The record set of one partition in a fetch response: its size, then the batches. */
export function recordSet(batches: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(batches);
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** A record with neither key nor value nor headers. */
function emptyRecord(offsetDelta: number): Buffer {
  const nullLength = zigZag(-1);
  const fields = Buffer.from([0, 0, ...zigZag(offsetDelta), ...nullLength, ...nullLength, 0]);
  return Buffer.from([...zigZag(fields.length), ...fields]);
}

function zigZag(value: number): readonly number[] {
  let rest = (value << 1) ^ (value >> 31);
  const bytes: number[] = [];
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** Bit by bit: slow, but evidently right and independent of the one that is checked with it. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ CRC_POLYNOMIAL : crc >>> 1;
  }
  return ~crc >>> 0;
}
