import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { recordBatch, recordSet } from '../record-format/record-batch-bytes';
import { createCompressionCodecs, registerCompressionCodecs } from './compression-codecs';
import { DecompressionError } from './decompressed-size';
import { GOLDEN_RECORDS, goldenRecord } from './golden/golden-records';

interface FetchedRecord {
  readonly offset: string;
  readonly key: Buffer;
  readonly value: Buffer;
}
const load = createRequire(__filename);
const decode: (decoder: unknown) => Promise<readonly FetchedRecord[] & { readonly decodeError?: Error }> = load(
  'kafkajs/src/protocol/requests/fetch/v4/decodeMessages',
);
const Decoder: new (bytes: Buffer) => unknown = load('kafkajs/src/protocol/decoder');
const { KafkaJSNotImplemented } = load('kafkajs/src/errors') as { KafkaJSNotImplemented: new () => Error };

const MAX_BYTES = 1_000_000;
const codecs = createCompressionCodecs(MAX_BYTES);
const XERIAL_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

describe('record batches of other clients', () => {
  beforeAll(registerCompressionCodecs);

  const clients = ['java', 'librdkafka'].flatMap((client) =>
    ['gzip', 'snappy', 'lz4', 'zstd'].map((codec) => [client, codec] as const),
  );
  it.each(clients)('of %s with %s decode to the very records that were sent', async (client, codec) => {
    const segment = readFileSync(join(__dirname, 'golden', `${client}-${codec}.segment`));
    // The lowest three bits of the attributes: without compression the test would show nothing.
    expect(segment.readInt16BE(21) & 7).toBe(['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(codec));

    const records = await decode(new Decoder(recordSet([segment])));

    expect(records.decodeError).toBeUndefined();
    expect(records).toHaveLength(GOLDEN_RECORDS);
    const wrong = records.filter(({ offset, key, value }, index) => {
      const golden = goldenRecord(index);
      return offset !== String(index) || !key.equals(golden.key) || !value.equals(golden.value);
    });
    expect(wrong).toEqual([]);
  });

  it('keep what came before a batch whose payload is no LZ4, or of a codec that nobody knows', async () => {
    const segment = readFileSync(join(__dirname, 'golden/java-lz4.segment'));
    const payload = Buffer.alloc(30, 0xff);
    const damaged = recordBatch({ firstOffset: GOLDEN_RECORDS, records: 1, attributes: 3, payload });
    const unknown = recordBatch({ firstOffset: GOLDEN_RECORDS, records: 1, attributes: 7 });
    for (const [batch, expected] of [
      [damaged, DecompressionError],
      [unknown, KafkaJSNotImplemented],
    ] as const) {
      const records = await decode(new Decoder(recordSet([segment, batch])));
      expect(records).toHaveLength(GOLDEN_RECORDS);
      expect(records.decodeError).toBeInstanceOf(expected);
    }
  });
});

describe.each(['GZIP', 'Snappy', 'LZ4'] as const)('%s', (name) => {
  const codec = codecs[name];

  it('gives back what it compressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200_000 }),
        fc.integer({ min: 1, max: 4 }),
        async (bytes, repeats) => {
          const buffer = Buffer.concat(Array.from({ length: repeats }, () => Buffer.from(bytes)));
          expect((await codec.decompress(await codec.compress({ buffer }))).equals(buffer)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('never throws anything but DecompressionError, whatever the bytes', async () => {
    const compressed = await codec.compress({ buffer: Buffer.from('a session of the user '.repeat(5000)) });
    await fc.assert(
      fc.asyncProperty(fc.nat(compressed.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
        const damaged = isCut ? compressed.subarray(0, at) : Buffer.from(compressed);
        if (!isCut) damaged[at] = byte;
        const outcome = await codec.decompress(damaged).catch((error: unknown) => error);
        expect(Buffer.isBuffer(outcome) || outcome instanceof DecompressionError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a decompression bomb', () => {
  const zeros = Buffer.alloc(MAX_BYTES + 1);
  const zstdBlock = (last: boolean) => {
    const header = Buffer.alloc(4);
    // An RLE block of 128 KiB of one byte.
    header.writeUIntLE((131_072 << 3) | (1 << 1) | (last ? 1 : 0), 0, 3);
    return header;
  };
  const zstdHeader = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
  const bombs: readonly (readonly [string, keyof typeof codecs, Buffer])[] = [
    ['GZIP', 'GZIP', gzipSync(zeros)],
    ['Snappy, bare', 'Snappy', compressSync(zeros)],
    [
      'Snappy, in many blocks',
      'Snappy',
      Buffer.concat([
        XERIAL_HEADER,
        ...Array.from({ length: 20 }, () => {
          const block = compressSync(zeros.subarray(0, 60_000));
          return Buffer.concat([int32(block.length), block]);
        }),
      ]),
    ],
    ['Snappy that claims 4 GiB', 'Snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    ['LZ4', 'LZ4', compressFrameSync(zeros)],
    [
      'LZ4 in two frames',
      'LZ4',
      Buffer.concat([compressFrameSync(zeros.subarray(1e5)), compressFrameSync(zeros.subarray(1e5))]),
    ],
    [
      'ZSTD of repeated bytes',
      'ZSTD',
      Buffer.concat([zstdHeader, ...Array.from({ length: 8 }, (_, n) => zstdBlock(n === 7))]),
    ],
    [
      'ZSTD that asks for a window of 2 GiB',
      'ZSTD',
      Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8]), zstdBlock(true)]),
    ],
    [
      'ZSTD that claims 2^60 bytes',
      'ZSTD',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 16, 1, 0, 0]),
    ],
  ];

  it.each(bombs)('of %s is refused before it grows', async (_, name, bomb) => {
    expect(bomb.length).toBeLessThan(60_000);
    await expect(codecs[name].decompress(bomb)).rejects.toThrow(/more than 1000000 bytes/);
  });
});

it('reads several ZSTD and LZ4 frames in one batch, past skippable ones', async () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const lz4 = compressFrameSync('session ');
  await expect(codecs.LZ4.decompress(Buffer.concat([lz4, skippable, lz4]))).resolves.toEqual(
    Buffer.from('session session '),
  );
  const raw = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, (2 << 3) | 1, 0, 0, 0x61, 0x62]);
  await expect(codecs.ZSTD.decompress(Buffer.concat([raw, skippable, raw]))).resolves.toEqual(Buffer.from('abab'));
});

it('reads LZ4 frames with every combination of checksums', async () => {
  const bytes = Buffer.from('a session of the user '.repeat(20_000));
  for (const contentChecksum of [true, false]) {
    for (const blockChecksums of [true, false]) {
      const frame = compressFrameSync(bytes, { contentChecksum, blockChecksums });
      expect((await codecs.LZ4.decompress(frame)).equals(bytes)).toBe(true);
    }
  }
});
