import fc from 'fast-check';
import type { OutputRecord, OutputRows } from '../publication';
import { packRows, unpackRows } from './pack-rows';

const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 20 });
const rows = fc
  .record({
    firstSeq: fc.bigInt(1n, 2n ** 62n),
    records: fc.array(
      fc.record({
        above: fc.nat(3),
        topic: fc.constantFrom('streak-changes', 'dead-letters', 'ü'),
        partition: fc.nat(200_000),
        key: fc.option(fc.oneof(bytes, text)),
        value: fc.option(bytes),
        headers: fc.dictionary(text, fc.oneof(bytes, text), { maxKeys: 3 }),
        isState: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ firstSeq, records }): OutputRows => {
    let seq = firstSeq;
    const numbered = records.map(({ above, ...record }): OutputRecord => {
      seq += BigInt(above);
      return { ...record, seq };
    });
    return { firstSeq, lastSeq: seq + 1n, records: numbered };
  });

/** What Kafka gets of it: bytes. */
const asBytes = (value: string | Buffer): Buffer => Buffer.from(value as string);
const inKafka = ({ records, ...range }: OutputRows) => ({
  ...range,
  records: records.map((record) => ({
    ...record,
    key: record.key === null ? null : asBytes(record.key),
    headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, asBytes(value)])),
  })),
});

/** Text compares fast and prints well. */
const readable = (handovers: ReadonlyMap<number, OutputRows>): string[] =>
  [...handovers].flatMap(([shard, { firstSeq, lastSeq, records }]) => [
    `${shard} ${firstSeq} ${lastSeq}`,
    ...records.map(({ seq, topic, partition, key, value, headers, isState }) =>
      JSON.stringify([String(seq), topic, partition, key, value, Object.entries(headers), isState]),
    ),
  ]);

describe('rows that go to another thread', () => {
  it('arrive as they were', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 4 }), (list) => {
        const handovers = new Map(list.map((one, shard) => [shard * 7, one]));
        const arrived = unpackRows(structuredClone(packRows(handovers)));
        expect(readable(arrived)).toEqual(
          readable(new Map([...handovers].map(([shard, one]) => [shard, inKafka(one)]))),
        );
      }),
    );
  });

  it('may be larger than was expected', () => {
    const record = {
      seq: 1n,
      topic: 't',
      partition: 0,
      key: 'k',
      headers: { large: Buffer.alloc(9_000) },
      isState: false,
    };
    const values = [70_000, 1, 1_000_000].map((size) => Buffer.alloc(size, size % 251));
    const packed = packRows(
      new Map([[0, { firstSeq: 1n, lastSeq: 1n, records: values.map((value) => ({ ...record, value })) }]]),
    );
    const arrived = unpackRows(packed).get(0)?.records ?? [];
    expect(arrived.map(({ value }, i) => values[i]?.equals(value ?? Buffer.alloc(0)))).toEqual([true, true, true]);
  });

  it('share no memory with others: a moved buffer takes nothing else with it', () => {
    const packed = packRows(new Map());
    structuredClone(packed.bytes, { transfer: [packed.bytes] });
    expect(packRows(new Map()).bytes.byteLength).toBeGreaterThan(0);
  });
});
