import fc from 'fast-check';
import { batchOf, ownedPartition, sourceRecord } from '../testing/fixtures';
import { halve, mergeByPartition, type PartitionBatch, recordCount } from './partition-batch';

/** Batches of one partition that follow each other, with gaps, and with some records rejected. */
const following = fc
  .array(fc.array(fc.record({ gap: fc.bigInt(1n, 3n), isBad: fc.boolean() }), { maxLength: 8 }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((shape) => {
    const owned = ownedPartition({ partition: 3 });
    let offset = -1n;
    return shape.map((records): PartitionBatch<bigint> => {
      const batch = {
        owned,
        events: [] as { source: ReturnType<typeof sourceRecord>; event: bigint }[],
        rejected: [] as PartitionBatch<bigint>['rejected'][number][],
      };
      for (const { gap, isBad } of records) {
        offset += gap;
        const source = sourceRecord(3, offset);
        if (isBad) batch.rejected.push({ source, rejection: { reason: 'BAD', detail: '' } });
        else batch.events.push({ source, event: offset });
      }
      offset += 1n;
      return { ...batch, nextOffset: offset + 1n };
    });
  });

const offsets = (batch: PartitionBatch<bigint>): bigint[] =>
  [...batch.events, ...batch.rejected].map((r) => r.source.offset).sort((a, b) => (a < b ? -1 : 1));

describe('batches of a partition', () => {
  it('merge into one with every record in order, which ends where the last one ended', () => {
    fc.assert(
      fc.property(following, (batches) => {
        const [merged, ...others] = mergeByPartition(batches);
        expect(others).toEqual([]);
        expect(merged?.nextOffset).toBe(batches.at(-1)?.nextOffset);
        expect(merged?.events).toEqual(batches.flatMap((b) => b.events));
        expect(merged?.rejected).toEqual(batches.flatMap((b) => b.rejected));
      }),
    );
  });

  it('come sorted by partition, since that is the order of their locks', () => {
    const batches = [5, 1, 3, 1].map((partition) => batchOf(ownedPartition({ partition }), [1n]));
    expect(mergeByPartition(batches).map((b) => b.owned.partition)).toEqual([1, 1, 3, 5]);
  });

  it('halve into two that follow each other, neither of them empty, and nothing is lost', () => {
    fc.assert(
      fc.property(following, (batches) => {
        const [whole] = mergeByPartition(batches);
        if (!whole || recordCount(whole) < 2) return;
        const [left, right] = halve(whole);
        expect([...offsets(left), ...offsets(right)]).toEqual(offsets(whole));
        expect(Math.min(recordCount(left), recordCount(right))).toBeGreaterThan(0);
        expect(offsets(left).every((offset) => offset < left.nextOffset)).toBe(true);
        expect(offsets(right)[0]).toBe(left.nextOffset);
        expect(right.nextOffset).toBe(whole.nextOffset);
      }),
    );
  });

  it('of one record cannot be halved', () => {
    expect(() => halve(batchOf(ownedPartition(), [1n]))).toThrow('cannot be halved');
  });
});
