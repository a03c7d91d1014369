import fc from 'fast-check';
import type { OutputRecord, OutputRows } from '../publication';
import { packRows, unpackRows } from './pack-rows';

const rows = fc
  .record({
    firstSeq: fc.bigInt(1n, 2n ** 62n),
    records: fc.array(
      fc.record({
        above: fc.nat(3),
        topic: fc.constantFrom('streak-changes', 'dead-letters', 'ü'),
        partition: fc.nat(200_000),
        body: fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
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

/** Text compares fast and prints well. */
const readable = (handovers: ReadonlyMap<number, OutputRows>): string[] =>
  [...handovers].flatMap(([shard, { firstSeq, lastSeq, records }]) => [
    `${shard} ${firstSeq} ${lastSeq}`,
    ...records.map(({ seq, topic, partition, body, isState }) =>
      JSON.stringify([String(seq), topic, partition, body.toString('hex'), isState]),
    ),
  ]);

describe('rows that go to another thread', () => {
  it('arrive as they were', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 4 }), (list) => {
        const handovers = new Map(list.map((one, shard) => [shard * 7, one]));
        expect(readable(unpackRows(structuredClone(packRows(handovers))))).toEqual(readable(handovers));
      }),
    );
  });

  it('share no memory with others: a moved buffer takes nothing else with it', () => {
    const packed = packRows(new Map());
    structuredClone(packed.bytes, { transfer: [packed.bytes] });
    expect(packRows(new Map()).bytes.byteLength).toBeGreaterThan(0);
  });
});
