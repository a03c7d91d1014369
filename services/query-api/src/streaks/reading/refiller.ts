import type { StreakStore, StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { QueryMetrics } from '../../metrics';
import { type StoreCircuit, StoreUnavailable } from '../../stores/store-circuit';

/** Past this many states waiting for Redis further ones are dropped: the next read offers them again. */
export const MAX_WAITING_REFILLS = 10_000;

export interface RefillerOptions {
  readonly store: Pick<StreakStore, 'writeAll'>;
  readonly circuit: StoreCircuit;
  readonly metrics: QueryMetrics;
  /** Called with an error that is not an outage. */
  readonly onError: (error: unknown) => void;
}

export interface Refiller {
  /** Takes states that Redis missed, to be written behind the caller's back. Never throws. */
  offer(writes: readonly StreakWrite[]): void;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

/**
 * Puts back into Redis what reads found missing there. One write at a time, one state per key: a burst of reads of one
 * missing user is one write. The compare-and-set of the store makes a late one harmless.
 */
export function createRefiller({ store, circuit, metrics, onError }: RefillerOptions): Refiller {
  let waiting = new Map<string, StreakWrite>();
  let draining: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      const writes = [...waiting.values()];
      waiting = new Map();
      await write(writes);
    }
    draining = undefined;
  }

  async function write(writes: readonly StreakWrite[]): Promise<void> {
    try {
      const { written, stale } = await circuit.run(() => store.writeAll(writes));
      metrics.refills.inc({ result: 'written' }, written);
      metrics.refills.inc({ result: 'stale' }, stale);
    } catch (error) {
      metrics.refills.inc({ result: 'failed' }, writes.length);
      if (!(error instanceof StoreUnavailable)) {
        onError(error);
      }
    }
  }

  return {
    offer(writes) {
      for (const entry of writes) {
        if (waiting.size >= MAX_WAITING_REFILLS) {
          metrics.refills.inc({ result: 'dropped' });
        } else {
          waiting.set(`${entry.ruleId}:${entry.userId}`, entry);
        }
      }
      if (waiting.size > 0) {
        draining ??= drain();
      }
    },
    async idle() {
      await draining;
    },
  };
}
