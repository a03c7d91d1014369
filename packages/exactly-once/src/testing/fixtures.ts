import type { PartitionBatch } from '../apply/partition-batch';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { SourceRecord } from '../projection';

/** A claimed partition of unit tests: epoch 1, at offset 0 unless said otherwise. */
export const ownedPartition = (overrides: Partial<OwnedPartition> = {}): OwnedPartition => ({
  partition: 0,
  topicId: '00000000-0000-0000-0000-000000000001',
  epoch: 1n,
  fetchCursor: 0n,
  appliedOffset: 0n,
  pendingRecords: 0,
  refusedInARow: 0,
  lastMovedMs: 0,
  lastAppliedTimestampMs: undefined,
  isCurrent: true,
  ...overrides,
});

export const sourceRecord = (partition: number, offset: bigint, value: string | null = `${offset}`): SourceRecord => ({
  topic: 'events',
  topicId: '00000000-0000-0000-0000-000000000001',
  partition,
  offset,
  timestampMs: 1_000,
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: {},
});

/** A batch of one event for each offset; the event is the offset itself. */
export const batchOf = (
  owned: OwnedPartition,
  offsets: readonly bigint[],
  nextOffset = (offsets.at(-1) ?? owned.appliedOffset - 1n) + 1n,
): PartitionBatch<bigint> => ({
  owned,
  events: offsets.map((offset) => ({ source: sourceRecord(owned.partition, offset), event: offset })),
  rejected: [],
  nextOffset,
});

/** Lets everything that waits for nothing but other promises run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
