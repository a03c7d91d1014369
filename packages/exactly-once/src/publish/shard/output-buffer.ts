import type { OutputRecord, OutputRows } from '../publication';

/** Rows that wait in memory, and what they weigh. */
export interface WaitingRows extends OutputRows {
  readonly bytes: number;
}

export interface TransactionLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Lengths, times and offsets around the body. */
const RECORD_OVERHEAD_BYTES = 40;

/** Bytes of a record in a batch, never too few. */
export const recordBytes = ({ body }: OutputRecord): number => RECORD_OVERHEAD_BYTES + body.length;

export const weigh = (rows: OutputRows): WaitingRows => ({
  firstSeq: rows.firstSeq,
  lastSeq: rows.lastSeq,
  records: rows.records,
  bytes: rows.records.reduce((sum, record) => sum + recordBytes(record), 0),
});

export interface OutputBuffer {
  readonly rows: number;
  readonly bytes: number;
  /** Whether rows that begin at `nextSeq`, or before it and reach it, are there. */
  has(nextSeq: bigint): boolean;
  add(rows: WaitingRows): void;
  /** The rows from `nextSeq` that follow each other, within the limits but at least one. What is older is dropped. */
  take(nextSeq: bigint, limits: TransactionLimits): WaitingRows | undefined;
  clear(): void;
}

const rowCount = ({ firstSeq, lastSeq }: OutputRows): number => Number(lastSeq - firstSeq) + 1;

/** Rows of one shard on their way to Kafka, by number. They may come in another order, twice, and with gaps. */
export function createOutputBuffer(): OutputBuffer {
  const waiting: WaitingRows[] = [];
  let rows = 0;
  let bytes = 0;

  const count = (one: WaitingRows, sign: 1 | -1) => {
    rows += sign * rowCount(one);
    bytes += sign * one.bytes;
  };

  const shift = (): WaitingRows | undefined => {
    const first = waiting.shift();
    if (first) count(first, -1);
    return first;
  };

  const unshift = (one: WaitingRows) => {
    waiting.unshift(one);
    count(one, 1);
  };

  /** Afterwards the first rows, if any, begin at `nextSeq` or later. */
  const dropBefore = (nextSeq: bigint) => {
    for (let first = waiting[0]; first && first.firstSeq < nextSeq; first = waiting[0]) {
      shift();
      if (first.lastSeq >= nextSeq) unshift(splitAt(first, nextSeq)[1]);
    }
  };

  return {
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    has(nextSeq) {
      dropBefore(nextSeq);
      return waiting[0]?.firstSeq === nextSeq;
    },
    add(one) {
      let at = waiting.length;
      while (at > 0 && (waiting[at - 1]?.firstSeq ?? 0n) > one.firstSeq) at--;
      waiting.splice(at, 0, one);
      count(one, 1);
    },
    take(nextSeq, limits) {
      const taken: WaitingRows[] = [];
      let next = nextSeq;
      let room: TransactionLimits = limits;
      for (;;) {
        dropBefore(next);
        const first = waiting[0];
        if (first?.firstSeq !== next) break;
        const isWhole = rowCount(first) <= room.maxRows && first.bytes <= room.maxBytes;
        if (!isWhole && taken.length > 0) break;
        shift();
        const [head, tail] = isWhole ? [first, undefined] : splitAt(first, endWithin(first, room));
        if (tail && tail.firstSeq <= tail.lastSeq) unshift(tail);
        taken.push(head);
        if (!isWhole) break;
        next = head.lastSeq + 1n;
        room = { maxRows: room.maxRows - rowCount(head), maxBytes: room.maxBytes - head.bytes };
        if (room.maxRows <= 0 || room.maxBytes <= 0) break;
      }
      const last = taken.at(-1);
      if (!last) return undefined;
      if (taken.length === 1) return last;
      return {
        firstSeq: nextSeq,
        lastSeq: last.lastSeq,
        records: taken.flatMap((one) => one.records),
        bytes: taken.reduce((sum, one) => sum + one.bytes, 0),
      };
    },
    clear() {
      waiting.length = 0;
      rows = 0;
      bytes = 0;
    },
  };
}

/** The rows below `seq`, and those from it on. */
function splitAt(rows: WaitingRows, seq: bigint): [WaitingRows, WaitingRows] {
  const found = rows.records.findIndex((record) => record.seq >= seq);
  const at = found === -1 ? rows.records.length : found;
  return [
    weigh({ firstSeq: rows.firstSeq, lastSeq: seq - 1n, records: rows.records.slice(0, at) }),
    weigh({ firstSeq: seq, lastSeq: rows.lastSeq, records: rows.records.slice(at) }),
  ];
}

/** The number before which to cut so that the head is within the limits, or of one row. */
function endWithin(rows: WaitingRows, { maxRows, maxBytes }: TransactionLimits): bigint {
  const byRows = rows.firstSeq + BigInt(Math.max(1, Math.floor(maxRows)));
  let bytes = 0;
  for (const record of rows.records) {
    bytes += recordBytes(record);
    if (record.seq >= byRows) break;
    if (bytes > maxBytes) return record.seq > rows.firstSeq ? record.seq : rows.firstSeq + 1n;
  }
  return byRows <= rows.lastSeq ? byRows : rows.lastSeq + 1n;
}
