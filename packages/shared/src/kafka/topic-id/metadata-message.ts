/** Metadata 12: the first version whose request and answer both carry topic ids and that every broker since 3.1 has. */
export const METADATA_API = { key: 3, version: 12, isFlexible: true } as const;

const UUID_BYTES = 16;
const NO_ERROR = 0;

/** What the broker knows of the topic. */
export type TopicIdAnswer = { readonly topicId: string } | { readonly errorCode: number };

export function metadataRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  return Buffer.concat([
    unsignedVarInt(1 + 1),
    Buffer.alloc(UUID_BYTES),
    unsignedVarInt(name.length + 1),
    name,
    // No tagged fields; no automatic creation; no authorised operations; no tagged fields.
    Buffer.from([0, 0, 0, 0]),
  ]);
}

/** Reads an answer up to the first topic, which is the one that was asked for. Throws for what is no such answer. */
export function readTopicId(response: Buffer, topic: string): TopicIdAnswer {
  const reader = createReader(response);
  reader.tags();
  reader.skip(4);
  for (let brokers = reader.compactLength(); brokers > 0; brokers -= 1) {
    reader.skip(4);
    reader.compactString();
    reader.skip(4);
    reader.compactString();
    reader.tags();
  }
  reader.compactString();
  reader.skip(4);
  if (reader.compactLength() < 1) throw new Error(`no answer about topic ${topic}`);
  const errorCode = reader.int16();
  const name = reader.compactString();
  const id = reader.bytes(UUID_BYTES).toString('hex');
  if (errorCode !== NO_ERROR) return { errorCode };
  if (name !== topic) throw new Error(`asked about topic ${topic}, answered about ${name}`);
  return { topicId: formatUuid(id) };
}

function formatUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function unsignedVarInt(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function createReader(bytes: Buffer) {
  let position = 0;
  function take(length: number): Buffer {
    if (position + length > bytes.length) throw new Error('the answer is shorter than its format');
    position += length;
    return bytes.subarray(position - length, position);
  }
  function varInt(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = take(1).readUInt8(0);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('the answer does not follow its format');
  }
  /** Of a compact array or string: one more than its length, 0 for null. */
  function compactLength(): number {
    return varInt() - 1;
  }
  return {
    skip: (length: number): void => void take(length),
    bytes: take,
    int16: (): number => take(2).readInt16BE(0),
    compactLength,
    compactString(): string | null {
      const length = compactLength();
      return length < 0 ? null : take(length).toString('utf8');
    },
    tags(): void {
      for (let tags = varInt(); tags > 0; tags -= 1) {
        varInt();
        take(varInt());
      }
    },
  };
}
