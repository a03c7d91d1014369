import type { OwnedPartition } from '../assignment/owned-partition';

export interface BadShareOptions {
  /** Share of bad records past which the partition halts, 0 to 1. */
  readonly maxShare: number;
  /** Records looked at before the share means anything. */
  readonly minRecords: number;
}

/**
 * Watches the share of bad records of each partition over a sliding past (counts are halved as they grow). A producer that
 * sends nothing but garbage would otherwise drain the topic into `dead_letters`.
 */
export function createBadShareWatch({ maxShare, minRecords }: BadShareOptions) {
  const counts = new WeakMap<OwnedPartition, { records: number; bad: number }>();
  return (owned: OwnedPartition, records: number, bad: number): boolean => {
    const count = counts.get(owned) ?? { records: 0, bad: 0 };
    counts.set(owned, count);
    count.records += records;
    count.bad += bad;
    const isTooMany = count.records >= minRecords && count.bad / count.records > maxShare;
    if (count.records > minRecords * 10) {
      count.records /= 2;
      count.bad /= 2;
    }
    return isTooMany;
  };
}
