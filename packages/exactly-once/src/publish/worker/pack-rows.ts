import type { OutputRecord, OutputRows } from '../publication';

/** Rows on their way to another thread: moved, not copied. Names that repeat are told once. */
export interface PackedRows {
  readonly names: readonly string[];
  readonly bytes: ArrayBuffer;
}

const IS_STATE = 1;
const SHARD_BYTES = 24;
const RECORD_BYTES = 15;

/**
 * All of a hand-over in one piece of memory. Little-endian: number of shards; for each shard u32, first and last number i64,
 * records u32; for each record flags u8, number above the first u32, topic u16, partition u32, body with its length u32.
 * Topics stand in `names`.
 */
export function packRows(handovers: ReadonlyMap<number, OutputRows>): PackedRows {
  const names = new Map<string, number>();
  const bytes = Buffer.from(new ArrayBuffer(packedBytes(handovers)));
  let at = bytes.writeUInt32LE(handovers.size);

  const nameOf = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  for (const [shard, { firstSeq, lastSeq, records }] of handovers) {
    at = bytes.writeUInt32LE(shard, at);
    at = bytes.writeBigInt64LE(firstSeq, at);
    at = bytes.writeBigInt64LE(lastSeq, at);
    at = bytes.writeUInt32LE(records.length, at);
    for (const { seq, topic, partition, body, isState } of records) {
      at = bytes.writeUInt8(isState ? IS_STATE : 0, at);
      at = bytes.writeUInt32LE(Number(seq - firstSeq), at);
      at = bytes.writeUInt16LE(nameOf(topic), at);
      at = bytes.writeUInt32LE(partition, at);
      at = bytes.writeUInt32LE(body.length, at);
      bytes.set(body, at);
      at += body.length;
    }
  }
  return { names: [...names.keys()], bytes: bytes.buffer };
}

function packedBytes(handovers: ReadonlyMap<number, OutputRows>): number {
  let bytes = 4;
  for (const { records } of handovers.values()) {
    bytes += SHARD_BYTES;
    for (const { body } of records) bytes += RECORD_BYTES + body.length;
  }
  return bytes;
}

/** The bodies are parts of the one piece of memory. */
export function unpackRows({ names, bytes: memory }: PackedRows): Map<number, OutputRows> {
  const bytes = Buffer.from(memory);
  let at = 0;
  const u32 = (): number => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const i64 = (): bigint => {
    at += 8;
    return bytes.readBigInt64LE(at - 8);
  };
  const record = (firstSeq: bigint): OutputRecord => {
    const isState = (bytes.readUInt8(at) & IS_STATE) !== 0;
    const seq = firstSeq + BigInt(bytes.readUInt32LE(at + 1));
    const topic = names[bytes.readUInt16LE(at + 5)];
    if (topic === undefined) throw new Error('packed rows name something that was not told');
    const partition = bytes.readUInt32LE(at + 7);
    const end = at + RECORD_BYTES + bytes.readUInt32LE(at + 11);
    const body = bytes.subarray(at + RECORD_BYTES, end);
    at = end;
    return { seq, topic, partition, body, isState };
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
