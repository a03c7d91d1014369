import { compressSync, uncompressSync } from 'snappy';
import { createBoundedReader, createSizeLimit, DecompressionError } from './decompressed-size';

const CODEC = 'Snappy';
/** What Java's xerial stream puts before its blocks; then two int32 of versions. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_VERSIONS = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]);
const BLOCK_BYTES = 32 * 1024;

/** Both forms that are sent: blocks in xerial's framing (Java, kafkajs, franz-go) and one bare block (librdkafka). */
export function decompressSnappy(compressed: Buffer, maxBytes: number): Buffer {
  const limit = createSizeLimit(CODEC, maxBytes);
  if (!isXerial(compressed)) return decompressBlock(compressed, limit);
  const reader = createBoundedReader(CODEC, compressed);
  reader.skip(XERIAL_MAGIC.length + XERIAL_VERSIONS.length);
  const blocks: Buffer[] = [];
  while (!reader.isAtEnd) blocks.push(decompressBlock(reader.slice(reader.uint32BE()), limit));
  return Buffer.concat(blocks);
}

/** In xerial's framing, which every client reads. */
export function compressSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_MAGIC, XERIAL_VERSIONS];
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = compressSync(bytes.subarray(start, start + BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function isXerial(compressed: Buffer): boolean {
  return compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC);
}

function decompressBlock(block: Buffer, limit: (bytes: number) => void): Buffer {
  limit(declaredSize(block));
  try {
    return asBuffer(uncompressSync(block, { asBuffer: true }));
  } catch (error) {
    throw new DecompressionError(CODEC, 'corrupt data', { cause: error });
  }
}

function asBuffer(bytes: Buffer | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

/** A block starts with its decompressed size as a varint of at most five bytes. */
function declaredSize(block: Buffer): number {
  const reader = createBoundedReader(CODEC, block);
  let size = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.uint8();
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return size;
  }
  throw new DecompressionError(CODEC, 'corrupt data');
}
