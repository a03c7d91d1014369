import { type Schema, Type } from 'avsc';
import fc from 'fast-check';
import { createAvroWriter, WIRE_HEADER_BYTES } from './avro-encoder';

const longType = Type.forSchema('long');

/** avsc reads longs as numbers, and no more than safe ones; Avro's rule is written out here for the rest. */
function readLong(bytes: Uint8Array): bigint {
  const zigzag = bytes.reduceRight((rest, byte) => (rest << 7n) | BigInt(byte & 0x7f), 0n);
  return (zigzag >> 1n) ^ -(zigzag & 1n);
}

describe('the Avro writer', () => {
  const writer = createAvroWriter();
  const payloadOf = (write: () => void): Buffer => {
    writer.start(7);
    write();
    const value = writer.finish();
    expect(value.subarray(0, WIRE_HEADER_BYTES)).toEqual(Buffer.from([0, 0, 0, 0, 7]));
    return value.subarray(WIRE_HEADER_BYTES);
  };

  it('writes whole numbers as avsc does', () => {
    const edges = [0, 1, -1, 63, 64, -64, -65, 0x3fffffff, 0x40000000, -0x3fffffff, -0x40000000, 2 ** 31, 2 ** 32];
    // avsc doubles numbers as such, which is exact up to here; the test of 64-bit numbers covers what is beyond.
    const exact = { min: -(2 ** 52), max: 2 ** 52 };
    const number = fc.oneof(fc.integer(exact), fc.integer(), fc.constantFrom(...edges));
    fc.assert(
      fc.property(number, (value) => {
        expect(payloadOf(() => writer.long(value))).toEqual(longType.toBuffer(value));
        expect(payloadOf(() => writer.bigLong(BigInt(value)))).toEqual(longType.toBuffer(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('writes any 64-bit number so that it is read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(readLong(payloadOf(() => writer.bigLong(value)))).toBe(value);
        const safe = Number(value >> 11n);
        if (Number.isSafeInteger(safe)) expect(readLong(payloadOf(() => writer.long(safe)))).toBe(BigInt(safe));
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses what is no safe integer', () => {
    for (const value of [Number.NaN, 2 ** 53, 1e300]) expect(() => writer.long(value)).toThrow(RangeError);
  });

  it('writes any text as avsc does, longer than its buffer too', () => {
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 3_000 }));
    const type = Type.forSchema(['null', 'string'] as Schema);
    fc.assert(
      fc.property(fc.option(texts), (text) => {
        const expected = type.toBuffer(text);
        expect(payloadOf(() => writer.optionalString(text))).toEqual(expected);
      }),
    );
  });
});
