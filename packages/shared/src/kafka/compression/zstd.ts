import * as zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { decompressFrames } from './decompress-frames';
import { type BoundedReader, createSizeLimit, DecompressionError } from './decompressed-size';

const CODEC = 'ZSTD';
const FRAME_MAGIC = 0xfd2fb528;
const MAX_BLOCK_BYTES = 128 * 1024;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type NativeDecompress = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
type NativeCompress = (bytes: Buffer) => Buffer;

/** One or more Zstandard frames; by Node itself from 22.15 on, before that in JavaScript (about a tenth of the speed). */
export function decompressZstd(compressed: Buffer, maxBytes: number): Buffer {
  const limit = createSizeLimit(CODEC, maxBytes);
  return decompressFrames(compressed, {
    codec: CODEC,
    frameMagic: FRAME_MAGIC,
    frameName: 'a Zstandard frame',
    walk: (reader) => walkFrame(reader, limit, maxBytes),
    decompress: (frame) => decompressFrame(frame, maxBytes),
  });
}

/** Only where Node has it (22.15 and later). */
export function compressZstd(bytes: Buffer): Buffer {
  const compress: NativeCompress | undefined = Reflect.get(zlib, 'zstdCompressSync');
  if (compress === undefined) {
    throw new Error('ZSTD compression needs Node 22.15 or later: produce with LZ4, Snappy or GZIP instead');
  }
  return compress(bytes);
}

function decompressFrame(frame: Buffer, maxBytes: number): Buffer {
  const native: NativeDecompress | undefined = Reflect.get(zlib, 'zstdDecompressSync');
  try {
    if (native !== undefined) return native(frame, { maxOutputLength: maxBytes });
    const bytes = decompress(frame);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    throw new DecompressionError(CODEC, 'corrupt data', { cause: error });
  }
}

/** Moves to the end of a frame whose magic number was read; `limit` is told the most that each block can hold. */
function walkFrame(reader: BoundedReader, limit: (bytes: number) => void, maxBytes: number): void {
  const descriptor = reader.uint8();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const windowBytes = isSingleSegment ? 0 : windowSize(reader.uint8());
  reader.skip([0, 1, 2, 4][descriptor & 3] ?? 0);
  const contentBytes = contentSize(reader, descriptor >> 6, isSingleSegment);
  // Both are allocated before the first block is looked at.
  createSizeLimit(CODEC, maxBytes)(Math.max(windowBytes, contentBytes));
  for (let isLast = false; !isLast; ) {
    const header = reader.uint24LE();
    isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED_BLOCK) throw new DecompressionError(CODEC, 'corrupt data');
    limit(type === RAW_BLOCK || type === RLE_BLOCK ? size : MAX_BLOCK_BYTES);
    reader.skip(type === RLE_BLOCK ? 1 : size);
  }
  if (hasChecksum) reader.skip(4);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(reader: BoundedReader, sizeFlag: number, isSingleSegment: boolean): number {
  switch (sizeFlag) {
    case 1:
      return reader.uint16LE() + 256;
    case 2:
      return reader.uint32LE();
    case 3:
      return reader.uint64LE();
    default:
      return isSingleSegment ? reader.uint8() : 0;
  }
}
