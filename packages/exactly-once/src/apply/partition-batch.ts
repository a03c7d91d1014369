import type { OwnedPartition } from '../assignment/owned-partition';
import type { DecodedRecord, Rejected } from '../projection';

/** Records of one partition that follow each other, and the offset to continue at once they are applied. */
export interface PartitionBatch<Event> {
  readonly owned: OwnedPartition;
  readonly events: readonly DecodedRecord<Event>[];
  readonly rejected: readonly Rejected[];
  /** One past the last offset covered, control and aborted records included. */
  readonly nextOffset: bigint;
}

export const recordCount = (batch: PartitionBatch<unknown>): number => batch.events.length + batch.rejected.length;

/** Joins the batches of each partition, in order, so that a transaction has at most one of each. */
export function mergeByPartition<Event>(batches: readonly PartitionBatch<Event>[]): PartitionBatch<Event>[] {
  const byOwner = new Map<OwnedPartition, PartitionBatch<Event>[]>();
  for (const batch of batches) {
    const list = byOwner.get(batch.owned);
    if (list) list.push(batch);
    else byOwner.set(batch.owned, [batch]);
  }
  return [...byOwner.values()]
    .flatMap((list) => {
      const last = list.at(-1);
      if (!last || list.length === 1) return list;
      return [
        {
          owned: last.owned,
          events: list.flatMap((b) => b.events),
          rejected: list.flatMap((b) => b.rejected),
          nextOffset: last.nextOffset,
        },
      ];
    })
    .sort((a, b) => a.owned.partition - b.owned.partition);
}

/** Cuts a batch in two by offset. The first half ends where the second begins; the second keeps the end of the whole. */
export function halve<Event>(batch: PartitionBatch<Event>): [PartitionBatch<Event>, PartitionBatch<Event>] {
  const offsets = [...batch.events, ...batch.rejected].map((r) => r.source.offset).sort((a, b) => (a < b ? -1 : 1));
  const middle = offsets[Math.floor(offsets.length / 2)];
  if (middle === undefined || offsets.length < 2) throw new Error('a batch of fewer than two records cannot be halved');
  const before = (r: { source: { offset: bigint } }) => r.source.offset < middle;
  return [
    {
      owned: batch.owned,
      events: batch.events.filter(before),
      rejected: batch.rejected.filter(before),
      nextOffset: middle,
    },
    {
      owned: batch.owned,
      events: batch.events.filter((r) => !before(r)),
      rejected: batch.rejected.filter((r) => !before(r)),
      nextOffset: batch.nextOffset,
    },
  ];
}
