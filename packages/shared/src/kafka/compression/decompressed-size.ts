/** The most that one compressed record batch may grow to. Batches are about a megabyte; this is only there to end a bomb. */
export const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;

export class DecompressionError extends Error {
  constructor(codec: string, detail: string, options?: ErrorOptions) {
    super(`${codec}: ${detail}`, options);
    this.name = 'DecompressionError';
  }
}

/** Throws once a sum of sizes, known before anything is decompressed, is more than memory is given for. */
export function createSizeLimit(codec: string, maxBytes: number): (bytes: number) => void {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (!(total <= maxBytes)) {
      throw new DecompressionError(codec, `a record batch of more than ${maxBytes} bytes once decompressed`);
    }
  };
}

/** Reads of a buffer that end in a DecompressionError, not a RangeError, past its end. */
export function createBoundedReader(codec: string, bytes: Buffer) {
  let position = 0;
  function advance(length: number): number {
    const start = position;
    if (!(length >= 0 && start + length <= bytes.length)) throw new DecompressionError(codec, 'truncated data');
    position += length;
    return start;
  }
  return {
    get position(): number {
      return position;
    },
    get isAtEnd(): boolean {
      return position === bytes.length;
    },
    skip: (length: number): void => void advance(length),
    slice: (length: number): Buffer => bytes.subarray(advance(length), position),
    uint8: (): number => bytes.readUInt8(advance(1)),
    uint16LE: (): number => bytes.readUInt16LE(advance(2)),
    uint24LE: (): number => bytes.readUIntLE(advance(3), 3),
    uint32LE: (): number => bytes.readUInt32LE(advance(4)),
    uint32BE: (): number => bytes.readUInt32BE(advance(4)),
    /** Loses exactness past 2^53, which is past every limit here. */
    uint64LE: (): number => Number(bytes.readBigUInt64LE(advance(8))),
  };
}

export type BoundedReader = ReturnType<typeof createBoundedReader>;
