import { type ByteWriter, createByteWriter } from './byte-writer';
import { toPostgresDate, writeTimestamp } from './postgres-epoch';

/**
 * Arrays as parameters in PostgreSQL's binary format: pass the Buffer as the value and cast the placeholder
 * (`$1::text[]`). Costs a third of the CPU of text arrays on both sides.
 */
const OID = { int8: 20, int4: 23, text: 25, date: 1082, timestamptz: 1184, datemultirange: 4535 } as const;

const HEADER_BYTES = 20;
const EXPECTED_TEXT_BYTES = 40;

export function textArray(values: readonly (string | null)[]): Buffer {
  const writer = createByteWriter(HEADER_BYTES + values.length * EXPECTED_TEXT_BYTES);
  writeHeader(writer, OID.text, values.length, values.includes(null));
  for (const value of values) {
    if (value === null) writer.int32(-1);
    else writer.text(value);
  }
  return writer.finish();
}

export function int4Array(values: ArrayLike<number>): Buffer {
  return fourByteArray(OID.int4, values, asIs);
}

/** Safe integers. */
export function int8Array(values: ArrayLike<number>): Buffer {
  return eightByteArray(OID.int8, values, (writer, value) => writer.int64(value));
}

/** Days since 1970-01-01; null for a date that is not there. */
export function dateArray(days: ArrayLike<number | null>): Buffer {
  return fourByteArray(OID.date, days, toPostgresDate);
}

/** Epoch milliseconds. */
export function timestamptzArray(instantsMs: ArrayLike<number>): Buffer {
  return eightByteArray(OID.timestamptz, instantsMs, writeTimestamp);
}

/** Bytes of a range with both ends: flags, then each end as a date behind its length. */
const RANGE_BYTES = 1 + 2 * 8;
const LOWER_INCLUSIVE = 0x02;

/** Sets of days, each as sorted runs that do not touch, `first` in days since 1970-01-01. */
export function dateMultirangeArray(
  sets: readonly (readonly { readonly first: number; readonly length: number }[])[],
): Buffer {
  const writer = createByteWriter(HEADER_BYTES + sets.length * (8 + 3 * (4 + RANGE_BYTES)));
  writeHeader(writer, OID.datemultirange, sets.length, false);
  for (const runs of sets) {
    writer.int32(4 + runs.length * (4 + RANGE_BYTES));
    writer.int32(runs.length);
    for (const { first, length } of runs) {
      writer.int32(RANGE_BYTES);
      writer.int8(LOWER_INCLUSIVE);
      writer.int32(4);
      writer.int32(toPostgresDate(first));
      writer.int32(4);
      writer.int32(toPostgresDate(first + length));
    }
  }
  return writer.finish();
}

const asIs = (value: number): number => value;

function fourByteArray(oid: number, values: ArrayLike<number | null>, convert: (value: number) => number): Buffer {
  const writer = createByteWriter(HEADER_BYTES + values.length * 8);
  writeHeader(writer, oid, values.length, Array.prototype.includes.call(values, null));
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? null;
    if (value === null) {
      writer.int32(-1);
    } else {
      writer.int32(4);
      writer.int32(convert(value));
    }
  }
  return writer.finish();
}

function eightByteArray(
  oid: number,
  values: ArrayLike<number>,
  write: (writer: ByteWriter, value: number) => void,
): Buffer {
  const writer = createByteWriter(HEADER_BYTES + values.length * 12);
  writeHeader(writer, oid, values.length, false);
  for (let index = 0; index < values.length; index += 1) {
    writer.int32(8);
    write(writer, values[index] ?? 0);
  }
  return writer.finish();
}

function writeHeader(writer: ByteWriter, oid: number, length: number, hasNull: boolean): void {
  writer.int32(1); // dimensions
  writer.int32(hasNull ? 1 : 0);
  writer.int32(oid);
  writer.int32(length);
  writer.int32(1); // lower bound
}
