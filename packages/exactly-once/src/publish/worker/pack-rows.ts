import type { OutputRecord, OutputRows } from '../publication';

/** Rows on their way to another thread: moved, not copied. Names that repeat are told once. */
export interface PackedRows {
  readonly names: readonly string[];
  readonly bytes: ArrayBuffer;
}

const IS_STATE = 1;
const HAS_KEY = 2;
const HAS_VALUE = 4;
const EXPECTED_FIELDS_BYTES = 96;

/**
 * All of a hand-over in one piece of memory. Little-endian: number of shards; for each shard u32, first and last number i64,
 * records u32; for each record flags u8, number above the first u32, topic u16, partition u32, key and value each with its
 * length u32, headers u16; for each header name u16, value with its length u32. Topics and header names stand in `names`.
 */
export function packRows(handovers: ReadonlyMap<number, OutputRows>): PackedRows {
  const names = new Map<string, number>();
  let bytes = Buffer.from(new ArrayBuffer(expectedBytes(handovers)));
  let at = 0;

  const reserve = (size: number) => {
    if (at + size <= bytes.length) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(bytes.length * 2, at + size)));
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };
  const u32 = (value: number) => {
    at = bytes.writeUInt32LE(value, at);
  };
  const u16 = (value: number) => {
    at = bytes.writeUInt16LE(value, at);
  };
  const nameOf = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  const blob = (value: string | Buffer) => {
    const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    reserve(4 + size);
    u32(size);
    if (typeof value === 'string') bytes.write(value, at);
    else value.copy(bytes, at);
    at += size;
  };
  const record = (one: OutputRecord, firstSeq: bigint) => {
    const headers = Object.entries(one.headers);
    reserve(13);
    at = bytes.writeUInt8(
      (one.isState ? IS_STATE : 0) | (one.key === null ? 0 : HAS_KEY) | (one.value === null ? 0 : HAS_VALUE),
      at,
    );
    u32(Number(one.seq - firstSeq));
    u16(nameOf(one.topic));
    u32(one.partition);
    u16(headers.length);
    if (one.key !== null) blob(one.key);
    if (one.value !== null) blob(one.value);
    for (const [name, value] of headers) {
      reserve(2);
      u16(nameOf(name));
      blob(value);
    }
  };

  u32(handovers.size);
  for (const [shard, rows] of handovers) {
    reserve(24);
    u32(shard);
    at = bytes.writeBigInt64LE(rows.firstSeq, at);
    at = bytes.writeBigInt64LE(rows.lastSeq, at);
    u32(rows.records.length);
    for (const one of rows.records) record(one, rows.firstSeq);
  }
  return { names: [...names.keys()], bytes: bytes.buffer };
}

/** About what they take, so that the memory seldom has to grow. */
function expectedBytes(handovers: ReadonlyMap<number, OutputRows>): number {
  let bytes = 1_024;
  for (const { records } of handovers.values()) {
    for (const { key, value } of records) bytes += EXPECTED_FIELDS_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  }
  return bytes;
}

/** Keys and header values come as bytes, whatever they were packed from: they are the same in Kafka. */
export function unpackRows({ names, bytes: memory }: PackedRows): Map<number, OutputRows> {
  const bytes = Buffer.from(memory);
  let at = 0;
  const u32 = (): number => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const u16 = (): number => {
    at += 2;
    return bytes.readUInt16LE(at - 2);
  };
  const i64 = (): bigint => {
    at += 8;
    return bytes.readBigInt64LE(at - 8);
  };
  const name = (): string => {
    const found = names[u16()];
    if (found === undefined) throw new Error('packed rows name something that was not told');
    return found;
  };
  const blob = (): Buffer => {
    const size = u32();
    at += size;
    return bytes.subarray(at - size, at);
  };
  const record = (firstSeq: bigint): OutputRecord => {
    const flags = bytes.readUInt8(at++);
    const seq = firstSeq + BigInt(u32());
    const topic = name();
    const partition = u32();
    const headerCount = u16();
    const key = flags & HAS_KEY ? blob() : null;
    const value = flags & HAS_VALUE ? blob() : null;
    const headers: [string, Buffer][] = [];
    for (let i = 0; i < headerCount; i++) headers.push([name(), blob()]);
    return {
      seq,
      topic,
      partition,
      key,
      value,
      headers: Object.fromEntries(headers),
      isState: (flags & IS_STATE) !== 0,
    };
  };

  const handovers = new Map<number, OutputRows>();
  for (let left = u32(); left > 0; left--) {
    const shard = u32();
    const firstSeq = i64();
    const lastSeq = i64();
    const records: OutputRecord[] = [];
    for (let count = u32(); count > 0; count--) records.push(record(firstSeq));
    handovers.set(shard, { firstSeq, lastSeq, records });
  }
  return handovers;
}
