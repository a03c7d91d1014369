import type { ByteWriter } from './byte-writer';

/** Postgres counts its binary dates and timestamps from 2000-01-01. */
const DAYS_FROM_1970_TO_2000 = 10_957;
const MILLISECONDS_FROM_1970_TO_2000 = DAYS_FROM_1970_TO_2000 * 86_400_000;

/** A date of Postgres from days since 1970-01-01. */
export const toPostgresDate = (dayNumber: number): number => dayNumber - DAYS_FROM_1970_TO_2000;

/** A timestamptz (microseconds) as a field's content, from epoch milliseconds. Exact for every safe integer. */
export function writeTimestamp(writer: Pick<ByteWriter, 'int64' | 'bigint64'>, epochMs: number): void {
  const microseconds = (epochMs - MILLISECONDS_FROM_1970_TO_2000) * 1000;
  // From the year 2285 on a number no longer holds every microsecond.
  if (Number.isSafeInteger(microseconds)) writer.int64(microseconds);
  else writer.bigint64(BigInt(epochMs - MILLISECONDS_FROM_1970_TO_2000) * 1000n);
}
