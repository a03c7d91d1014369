import { createByteWriter } from './byte-writer';
import { toPostgresDate, writeTimestamp } from './postgres-epoch';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** Rows for `COPY … FROM STDIN (FORMAT binary)`: `row`, then one call per column in their order, for each row; then `finish`. */
export interface CopyRows {
  row(): void;
  text(value: string | null): void;
  int4(value: number): void;
  /** A safe integer. */
  int8(value: number): void;
  bigint(value: bigint): void;
  /** Days since 1970-01-01. */
  date(day: number | null): void;
  /** Epoch milliseconds. */
  timestamptz(instantMs: number): void;
  /** 16 bytes. */
  uuid(bytes: Uint8Array): void;
  finish(): Buffer;
}

export function createCopyRows(columns: number, expectedBytes: number): CopyRows {
  const writer = createByteWriter(expectedBytes);
  writer.bytes(SIGNATURE);
  writer.int32(0); // flags
  writer.int32(0); // length of the header's extension

  return {
    row: () => writer.int16(columns),
    text(value) {
      if (value === null) writer.int32(-1);
      else writer.text(value);
    },
    int4(value) {
      writer.int32(4);
      writer.int32(value);
    },
    int8(value) {
      writer.int32(8);
      writer.int64(value);
    },
    bigint(value) {
      writer.int32(8);
      writer.bigint64(value);
    },
    date(day) {
      if (day === null) {
        writer.int32(-1);
      } else {
        writer.int32(4);
        writer.int32(toPostgresDate(day));
      }
    },
    timestamptz(instantMs) {
      writer.int32(8);
      writeTimestamp(writer, instantMs);
    },
    uuid(bytes) {
      writer.int32(bytes.length);
      writer.bytes(bytes);
    },
    finish() {
      writer.int16(-1);
      return writer.finish();
    },
  };
}

/** The 16 bytes of a UUID written in any of the forms that Postgres takes. */
export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll(/[-{}]/g, ''), 'hex');
  if (bytes.length !== 16) throw new RangeError('a UUID has 32 hexadecimal digits');
  return bytes;
}
