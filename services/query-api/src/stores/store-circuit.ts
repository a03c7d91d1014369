export type StoreName = 'redis' | 'postgres';

/** A store did not answer, or was not asked because it did not answer just before. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly store: StoreName;

  constructor(store: StoreName, options?: ErrorOptions) {
    super(`${store} cannot be reached`, options);
    this.store = store;
  }
}

export interface StoreCircuitOptions {
  readonly store: StoreName;
  /** Whether an error says that the store is away; others pass through and count as an answer. */
  readonly isOutage: (error: unknown) => boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Called when the store is given up and when it answers again. */
  readonly onChange: (isUp: boolean, error?: unknown) => void;
}

export interface StoreCircuit {
  /** Runs the work; rejects with `StoreUnavailable` where the store is away, at once if that is known. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** So many failures in a row give the store up: one slow query is not an outage. */
export const FAILURES_TO_OPEN = 3;
/** While given up, one call is let through after each of these intervals. */
export const PROBE_INTERVAL_MS = 1_000;

/**
 * Keeps requests from waiting for a store that is away.
 *
 *   CLOSED ──3 failures in a row──► OPEN(since) ──after 1 s, one call──► PROBING ──answered──► CLOSED
 *                                     ▲                                      │
 *                                     └──────────────── failed ◄─────────────┘
 */
export function createStoreCircuit(options: StoreCircuitOptions): StoreCircuit {
  let failures = 0;
  let openSinceMs: number | undefined;
  let isProbing = false;

  function answered(): void {
    failures = 0;
    if (openSinceMs !== undefined) {
      openSinceMs = undefined;
      options.onChange(true);
    }
  }

  function failed(error: unknown): void {
    failures += 1;
    if (openSinceMs !== undefined) {
      openSinceMs = options.monotonicMs();
    } else if (failures >= FAILURES_TO_OPEN) {
      openSinceMs = options.monotonicMs();
      options.onChange(false, error);
    }
  }

  return {
    async run(work) {
      const isProbe = openSinceMs !== undefined;
      if (openSinceMs !== undefined) {
        if (isProbing || options.monotonicMs() - openSinceMs < PROBE_INTERVAL_MS) {
          throw new StoreUnavailable(options.store);
        }
        isProbing = true;
      }
      try {
        const result = await work();
        answered();
        return result;
      } catch (error) {
        if (!options.isOutage(error)) {
          answered();
          throw error;
        }
        failed(error);
        throw new StoreUnavailable(options.store, { cause: error });
      } finally {
        if (isProbe) {
          isProbing = false;
        }
      }
    },
  };
}
