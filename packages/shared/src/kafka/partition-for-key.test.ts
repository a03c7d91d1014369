import { createRequire } from 'node:module';
import fc from 'fast-check';
import { murmur2, partitionForKey } from './partition-for-key';

const fromKafkajs = createRequire(__filename)('kafkajs/src/producer/partitioners/default/murmur2') as (
  key: Buffer | string,
) => number;

describe('murmur2', () => {
  // From UtilsTest.testMurmur2 of Apache Kafka.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %j is what Java computes', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });

  it('agrees with kafkajs on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), (bytes) => {
        expect(murmur2(bytes) | 0).toBe(fromKafkajs(Buffer.from(bytes)) | 0);
      }),
    );
  });

  it('reads only its own part of a larger buffer', () => {
    const buffer = Buffer.from('xxfoobarxx');
    expect(murmur2(buffer.subarray(2, 8))).toBe(-790332482);
  });
});

describe('partitionForKey', () => {
  it('is never negative and depends on the UTF-8 bytes alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 512 }), (key, partitions) => {
        const partition = partitionForKey(key, partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
        expect(partitionForKey(Buffer.from(key), partitions)).toBe(partition);
      }),
    );
  });
});
