import type { OwnedPartition } from '../assignment/owned-partition';

/** What is known of how far the log reaches, and since when a partition has been behind. */
export interface LagTracker {
  sawHighWatermark(partition: number, highWatermark: bigint): void;
  /** Records between the position and the log's end; 0 when never seen. What an open upstream transaction holds back does not count for long: the admin client is told the end of what may be read. */
  records(owned: OwnedPartition): bigint;
  /** Upper bound of the age of the oldest record not applied, 0 when all are. Asked regularly: it notes when it was 0. */
  seconds(owned: OwnedPartition, nowMs: number): number;
  /** How long the partition has been behind without moving; 0 when it is not. */
  stillMs(owned: OwnedPartition, nowMs: number): number;
}

export function createLagTracker(): LagTracker {
  const highs = new Map<number, bigint>();
  const caughtUpMs = new WeakMap<OwnedPartition, number>();
  const behindSinceMs = new WeakMap<OwnedPartition, number>();

  const records = (owned: OwnedPartition): bigint => {
    const lag = (highs.get(owned.partition) ?? 0n) - owned.appliedOffset;
    return lag > 0n ? lag : 0n;
  };
  /** Since when it is behind, as far as we looked; `undefined` when it is not. */
  const look = (owned: OwnedPartition, nowMs: number): number | undefined => {
    if (records(owned) === 0n) {
      caughtUpMs.set(owned, nowMs);
      behindSinceMs.delete(owned);
      return undefined;
    }
    const since = behindSinceMs.get(owned) ?? nowMs;
    behindSinceMs.set(owned, since);
    return since;
  };

  return {
    sawHighWatermark(partition, highWatermark) {
      highs.set(partition, highWatermark);
    },
    records,
    seconds(owned, nowMs) {
      const behindSince = look(owned, nowMs);
      if (behindSince === undefined) return 0;
      // After hours without a record the last one applied is hours old, and the oldest waiting one is not.
      const oldestMs = Math.max(owned.lastAppliedTimestampMs ?? behindSince, caughtUpMs.get(owned) ?? 0);
      return Math.max(0, (nowMs - oldestMs) / 1000);
    },
    stillMs(owned, nowMs) {
      const behindSince = look(owned, nowMs);
      return behindSince === undefined ? 0 : Math.max(0, nowMs - Math.max(behindSince, owned.lastMovedMs));
    },
  };
}
