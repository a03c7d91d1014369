import { createRequire } from 'node:module';
import fc from 'fast-check';

// What the patch of kafkajs writes in place and in one go, against what its own decoder reads.
const load = createRequire(__filename);
interface Encoder {
  writeVarInt(value: number): Encoder;
  writeVarLong(value: number | bigint): Encoder;
  writeEncoder(encoder: Encoder): Encoder;
  readonly buffer: Buffer;
}
interface Decoder {
  readVarInt(): number;
  readVarLong(): { toString(): string };
}
interface Message {
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer | readonly string[]>>;
  readonly timestamp?: string;
}
interface DecodedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}
const Encoder = load('kafkajs/src/protocol/encoder') as (new () => Encoder) & {
  sizeOfVarInt(value: number): number;
  sizeOfVarLong(value: number | bigint): number;
};
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder;
const decodeBatch = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: Decoder,
) => Promise<{ readonly records: readonly DecodedRecord[] }>;
const produce = load('kafkajs/src/protocol/requests/produce/v3/request') as (request: object) => {
  encode(): Promise<Encoder>;
};
const groupMessages = load('kafkajs/src/producer/groupMessagesPerPartition') as (
  request: object,
) => Readonly<Record<string, readonly Message[]>>;

const PARTITION_HEADER_BYTES = 8;
const GZIP = 1;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const arbitraryMessage: fc.Arbitrary<Message> = fc.record(
  {
    key: fc.oneof(fc.constant(null), fc.string({ unit: 'grapheme' }), bytes),
    value: fc.oneof(fc.constant(null), bytes),
    headers: fc.dictionary(
      fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), fc.constantFrom('toString', '__proto__')),
      fc.oneof(fc.string(), bytes, fc.array(fc.string(), { minLength: 2, maxLength: 3 })),
      { maxKeys: 4, noNullPrototype: false },
    ),
  },
  { requiredKeys: ['key', 'value'] },
);

/** The records that a broker would get for one partition. */
async function roundTrip(messages: readonly Message[], compression: number) {
  const request = produce({
    acks: -1,
    timeout: 1_000,
    transactionalId: null,
    producerId: 7n,
    producerEpoch: 1,
    compression,
    topicData: [{ topic: 't', partitions: [{ partition: 3, firstSequence: 5, messages }] }],
  });
  const { buffer } = await request.encode();
  // transactional id, acks, timeout, one topic "t", one partition
  const partition = buffer.subarray(2 + 2 + 4 + 4 + 2 + 1 + 4);
  expect(partition.readInt32BE(4)).toBe(partition.length - PARTITION_HEADER_BYTES);
  return (await decodeBatch(new Decoder(partition.subarray(PARTITION_HEADER_BYTES)))).records;
}

const toBytes = (value: string | Buffer | null) => (value === null ? null : Buffer.from(value));

describe('what a patched kafkajs produces', () => {
  it.each([0, GZIP])('is read back record by record, with codec %i', async (compression) => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryMessage, { minLength: 1, maxLength: 40 }), async (messages) => {
        const records = await roundTrip(messages, compression);
        expect(records.map(({ key, value }) => [key, value])).toEqual(
          messages.map(({ key, value }) => [toBytes(key), toBytes(value)]),
        );
        expect(records.map(({ offset }) => Number(offset))).toEqual(messages.map((_, index) => index));
        for (const [index, { headers = {} }] of messages.entries()) {
          const read = Object.entries(records[index]?.headers ?? {}).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.map(String) : String(value),
          ]);
          const sent = Object.entries(headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.map(String) : Buffer.from(value as string).toString(),
          ]);
          expect(read).toEqual(sent);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has its messages by partition, in their order', () => {
    const messages = Array.from({ length: 20_000 }, (_, index) => ({ key: String(index), value: null }));
    const grouped = groupMessages({
      topic: 't',
      partitionMetadata: [{}],
      messages,
      partitioner: ({ message }: { message: Message }) => Number(message.key) % 3,
    });
    expect(Object.keys(grouped)).toEqual(['0', '1', '2']);
    for (const [partition, ofPartition] of Object.entries(grouped)) {
      expect(ofPartition).toEqual(messages.filter(({ key }) => Number(key) % 3 === Number(partition)));
    }
  });

  it('has numbers of variable length as they always were', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.maxSafeInteger(), (small, large) => {
        const written = new Encoder().writeVarInt(small).writeVarLong(large).writeVarLong(small);
        const decoder = new Decoder(written.buffer);
        expect(decoder.readVarInt()).toBe(small);
        expect(decoder.readVarLong().toString()).toBe(String(large));
        expect(decoder.readVarLong().toString()).toBe(String(small));
        expect(written.buffer.length).toBe(
          Encoder.sizeOfVarInt(small) + Encoder.sizeOfVarLong(large) + Encoder.sizeOfVarLong(small),
        );
        expect(new Encoder().writeVarLong(small).buffer).toEqual(new Encoder().writeVarLong(BigInt(small)).buffer);
      }),
      { numRuns: 1_000 },
    );
  });
});
