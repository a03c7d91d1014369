import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SCHEMA_NAMESPACE = 'io.streaks';
export const MAGIC_BYTE = 0;
export const WIRE_HEADER_BYTES = 5;

const INITIAL_BYTES = 1024;
const LONGEST_VARINT_BYTES = 10;
const LONGEST_UTF8_PER_UNIT = 3;
/** Up to here doubling a number for its zigzag form is exact. */
const EXACT = 2 ** 52 - 1;
const UP_TO_31_BITS = 0x7fffffff;

/** The Avro schema as other languages use it: a file of `packages/shared/schemas`, text and all. */
export function readSchema(fileName: string): string {
  return readFileSync(join(__dirname, '../../../schemas', fileName), 'utf8');
}

/**
 * Writes values of a schema field by field, in the schema's order: the caller is the schema. Several times as fast as
 * walking a type, and one buffer serves all values.
 */
export interface AvroWriter {
  /** Begins a value in the Confluent wire format. */
  start(schemaId: number): void;
  /** Begins bytes without a header of their own. */
  startPlain(): void;
  /** An Avro int or long: any safe integer. Also the index of a union's branch and the count of an array's block. */
  long(value: number): void;
  bigLong(value: bigint): void;
  string(value: string): void;
  bytes(value: Uint8Array): void;
  /** The union of null (first) and string. */
  optionalString(value: string | null): void;
  /** The union of null (first) and int or long. */
  optionalLong(value: number | null): void;
  /** A copy of what was written since the start. */
  finish(): Buffer;
  /** The same without a copy: good until the next start. */
  view(): Buffer;
}

export function createAvroWriter(): AvroWriter {
  let buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  let length = 0;

  function reserve(count: number): void {
    if (length + count <= buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (length + count));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }

  function putSmall(zigzag: number): void {
    let rest = zigzag;
    while (rest > 0x7f) {
      buffer[length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[length++] = rest;
  }

  function long(value: number): void {
    if (!(value <= EXACT && value >= -EXACT)) {
      if (!Number.isSafeInteger(value)) throw new RangeError(`no whole number that can be encoded: ${value}`);
      putBig(BigInt(value));
      return;
    }
    reserve(LONGEST_VARINT_BYTES);
    let zigzag = value < 0 ? -2 * value - 1 : 2 * value;
    // Bit operations have 32 bits; of what is larger (times, offsets) seven are divided off at a time.
    while (zigzag > UP_TO_31_BITS) {
      const rest = Math.floor(zigzag / 128);
      buffer[length++] = (zigzag - 128 * rest) | 0x80;
      zigzag = rest;
    }
    putSmall(zigzag);
  }

  /** Arithmetic of bigints costs a hundred times that of numbers, and offsets that need it are far away. */
  function bigLong(value: bigint): void {
    const number = Number(value);
    if (number <= EXACT && number >= -EXACT) long(number);
    else putBig(value);
  }

  function putBig(value: bigint): void {
    reserve(LONGEST_VARINT_BYTES);
    const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    let low = Number(zigzag & 0xffffffffn);
    let high = Number(zigzag >> 32n);
    while (high > 0 || low > 0x7f) {
      buffer[length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[length++] = low;
  }

  function string(value: string): void {
    const units = value.length;
    reserve(LONGEST_VARINT_BYTES + LONGEST_UTF8_PER_UNIT * units);
    const start = length;
    putSmall(2 * units);
    // Ids and names are short and nearly always ASCII: a loop costs less than the call into Buffer.
    for (let index = 0; index < units; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        length = start;
        putSmall(2 * Buffer.byteLength(value));
        length += buffer.write(value, length, 'utf8');
        return;
      }
      buffer[length++] = unit;
    }
  }

  return {
    start(schemaId) {
      length = 0;
      buffer[length++] = MAGIC_BYTE;
      length = buffer.writeInt32BE(schemaId, length);
    },
    startPlain() {
      length = 0;
    },
    long,
    bigLong,
    string,
    bytes(value) {
      reserve(LONGEST_VARINT_BYTES + value.length);
      putSmall(2 * value.length);
      buffer.set(value, length);
      length += value.length;
    },
    optionalString(value) {
      long(value === null ? 0 : 1);
      if (value !== null) string(value);
    },
    optionalLong(value) {
      long(value === null ? 0 : 1);
      if (value !== null) long(value);
    },
    finish: () => Buffer.from(buffer.subarray(0, length)),
    view: () => buffer.subarray(0, length),
  };
}
