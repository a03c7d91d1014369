import { type BoundedReader, createBoundedReader, DecompressionError } from './decompressed-size';

/** LZ4 and Zstandard share the form of frames that a reader passes over: any of sixteen magic numbers, then a length. */
const SKIPPABLE_MAGIC = 0x184d2a50;

export interface FrameFormat {
  readonly codec: string;
  readonly frameMagic: number;
  /** For the error: what the bytes are not. */
  readonly frameName: string;
  /** Moves the reader from behind the magic number to the end of the frame, and holds its size against the limit. */
  readonly walk: (reader: BoundedReader) => void;
  readonly decompress: (frame: Buffer) => Buffer;
}

/** Decompresses frames that follow each other, each one walked before a byte of it is written out. */
export function decompressFrames(compressed: Buffer, format: FrameFormat): Buffer {
  const reader = createBoundedReader(format.codec, compressed);
  const parts: Buffer[] = [];
  while (!reader.isAtEnd) {
    const start = reader.position;
    const magic = reader.uint32LE();
    if (magic === format.frameMagic) {
      format.walk(reader);
      parts.push(format.decompress(compressed.subarray(start, reader.position)));
    } else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      reader.skip(reader.uint32LE());
    } else {
      throw new DecompressionError(format.codec, `not ${format.frameName}`);
    }
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
