export interface PacingLimits {
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  readonly maxTransactionsPerSecond: number;
}

/**
 * How long a shard waits from one transaction to the next: each has a price of its own, whatever is in it, so many busy shards
 * each wait longer and put more into one.
 */
export function intervalFor(busyShards: number, limits: PacingLimits): number {
  const sharedMs = (busyShards * 1_000) / limits.maxTransactionsPerSecond;
  return Math.min(limits.maxIntervalMs, Math.max(limits.minIntervalMs, sharedMs));
}

export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Runs at most `limit` works at once, in the order they came. */
export function createTurns(limit: number): InTurn {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // takes over our place
      else running--;
    }
  };
}
