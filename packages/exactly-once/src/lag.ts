import type { OwnedPartition } from './assignment/owned-partition';

/** What is known of how far the log reaches, and since when a partition has been behind. */
export interface LagTracker {
  sawHighWatermark(partition: number, highWatermark: bigint): void;
  /** Records between the position and the log's end; 0 when never seen. */
  records(owned: OwnedPartition): bigint;
  /** Age of the last applied record while behind: an upper bound of how stale a reader's view is. 0 when not behind. */
  seconds(owned: OwnedPartition, nowMs: number): number;
}

export function createLagTracker(): LagTracker {
  const highs = new Map<number, bigint>();
  const behindSinceMs = new WeakMap<OwnedPartition, number>();
  const records = (owned: OwnedPartition): bigint => {
    const lag = (highs.get(owned.partition) ?? 0n) - owned.appliedOffset;
    return lag > 0n ? lag : 0n;
  };
  return {
    sawHighWatermark(partition, highWatermark) {
      highs.set(partition, highWatermark);
    },
    records,
    seconds(owned, nowMs) {
      if (records(owned) === 0n) {
        behindSinceMs.delete(owned);
        return 0;
      }
      const since = behindSinceMs.get(owned) ?? owned.lastAppliedTimestampMs ?? nowMs;
      behindSinceMs.set(owned, owned.lastAppliedTimestampMs ?? since);
      return Math.max(0, (nowMs - since) / 1000);
    },
  };
}
