import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { decompressFrames } from './decompress-frames';
import { type BoundedReader, createSizeLimit, DecompressionError } from './decompressed-size';

const CODEC = 'LZ4';
const FRAME_MAGIC = 0x184d2204;
const UNCOMPRESSED_BLOCK = 0x80000000;
const MIN_MATCH = 4;

/**
 * One or more LZ4 frames, as Kafka carries them. The frames are walked first: lz4 itself would write out whatever they
 * claim, 255 bytes for each one.
 */
export function decompressLz4(compressed: Buffer, maxBytes: number): Buffer {
  const limit = createSizeLimit(CODEC, maxBytes);
  return decompressFrames(compressed, {
    codec: CODEC,
    frameMagic: FRAME_MAGIC,
    frameName: 'an LZ4 frame',
    walk: (reader) => walkFrame(reader, limit),
    decompress: decompressFrame,
  });
}

export function compressLz4(bytes: Buffer): Buffer {
  return compressFrameSync(bytes);
}

function decompressFrame(frame: Buffer): Buffer {
  try {
    return decompressFrameSync(frame);
  } catch (error) {
    throw new DecompressionError(CODEC, 'corrupt data', { cause: error });
  }
}

/** Moves to the end of a frame whose magic number was read; `limit` is told the size of each block's content. */
function walkFrame(reader: BoundedReader, limit: (bytes: number) => void): void {
  const flags = reader.uint8();
  reader.skip(1);
  const [hasBlockChecksums, hasContentSize, hasContentChecksum, hasDictionary] = [0x10, 0x08, 0x04, 0x01].map(
    (bit) => (flags & bit) !== 0,
  );
  if (hasDictionary) throw new DecompressionError(CODEC, 'frames with a dictionary are not supported');
  // Not trusted: what the blocks hold is counted.
  if (hasContentSize) reader.skip(8);
  reader.skip(1);
  for (let size = reader.uint32LE(); size !== 0; size = reader.uint32LE()) {
    const length = size % UNCOMPRESSED_BLOCK;
    const block = reader.slice(length);
    limit(size >= UNCOMPRESSED_BLOCK ? length : contentSize(block));
    if (hasBlockChecksums) reader.skip(4);
  }
  if (hasContentChecksum) reader.skip(4);
}

/** The exact size of a compressed block's content, from its literal and match lengths. */
function contentSize(block: Buffer): number {
  let position = 0;
  let size = 0;
  function extended(length: number): number {
    if (length !== 15) return length;
    let sum = length;
    for (;;) {
      const byte = block[position];
      if (byte === undefined) throw new DecompressionError(CODEC, 'truncated block');
      position += 1;
      sum += byte;
      if (byte !== 255) return sum;
    }
  }
  while (position < block.length) {
    const token = block[position] ?? 0;
    position += 1;
    const literals = extended(token >> 4);
    size += literals;
    position += literals;
    // The last sequence has literals only.
    if (position >= block.length) break;
    position += 2;
    size += extended(token & 15) + MIN_MATCH;
  }
  return size;
}
