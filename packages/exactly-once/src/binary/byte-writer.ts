const POWER_32 = 2 ** 32;
const LONGEST_UTF8_PER_UNIT = 3;

/** Bytes of the Postgres wire formats (big-endian) into one Buffer that grows: no allocation per field. */
export interface ByteWriter {
  int8(value: number): void;
  int16(value: number): void;
  int32(value: number): void;
  /** A safe integer as int8 of Postgres (64 bits). */
  int64(value: number): void;
  bigint64(value: bigint): void;
  bytes(value: Uint8Array): void;
  /** UTF-8 behind its length in bytes as int32: a text field. */
  text(value: string): void;
  /** What was written so far. The writer must not be used again: the memory is the caller's now. */
  finish(): Buffer;
}

export function createByteWriter(expectedBytes: number): ByteWriter {
  let buffer = Buffer.allocUnsafe(Math.max(64, expectedBytes));
  let length = 0;

  function reserve(count: number): void {
    if (length + count <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * buffer.length, length + count));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }

  function putInt32(value: number): void {
    buffer[length] = value >>> 24;
    buffer[length + 1] = value >>> 16;
    buffer[length + 2] = value >>> 8;
    buffer[length + 3] = value;
    length += 4;
  }

  function int32(value: number): void {
    reserve(4);
    putInt32(value);
  }

  function int64(value: number): void {
    reserve(8);
    const high = Math.floor(value / POWER_32);
    putInt32(high);
    putInt32(value - high * POWER_32);
  }

  function text(value: string): void {
    const units = value.length;
    reserve(4 + LONGEST_UTF8_PER_UNIT * units);
    const start = length + 4;
    // Ids are short and nearly always ASCII: a loop costs less than the call into Buffer.
    for (let index = 0; index < units; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        const written = buffer.write(value, start, 'utf8');
        putInt32(written);
        length = start + written;
        return;
      }
      buffer[start + index] = unit;
    }
    putInt32(units);
    length = start + units;
  }

  return {
    int8(value) {
      reserve(1);
      buffer[length] = value;
      length += 1;
    },
    int16(value) {
      reserve(2);
      buffer[length] = value >>> 8;
      buffer[length + 1] = value;
      length += 2;
    },
    int32,
    int64,
    bigint64(value) {
      // Arithmetic of bigints allocates; what a number holds exactly needs none.
      const number = Number(value);
      if (Number.isSafeInteger(number)) return int64(number);
      reserve(8);
      length = buffer.writeBigInt64BE(value, length);
    },
    bytes(value) {
      reserve(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    text,
    finish: () => buffer.subarray(0, length),
  };
}
