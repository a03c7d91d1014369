export interface Heartbeats {
  /** True once a heartbeat failed: the group has moved on and this batch should be left. */
  readonly isLost: () => boolean;
  /** Stops the timer and rethrows what a heartbeat met, which tells kafkajs to rejoin. */
  stop(): void;
}

/**
 * Keeps the membership alive while a batch waits for room: kafkajs sends heartbeats only between batches.
 * The first failure is kept for the end, as kafkajs expects it from eachBatch.
 */
export function startHeartbeats(heartbeat: () => Promise<void>, everyMs: number): Heartbeats {
  let failure: { error: unknown } | undefined;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => {
      failure ??= { error };
    });
  }, everyMs);
  return {
    isLost: () => failure !== undefined,
    stop() {
      clearInterval(timer);
      if (failure) throw failure.error;
    },
  };
}
