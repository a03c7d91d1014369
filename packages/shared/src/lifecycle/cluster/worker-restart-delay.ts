const SHORTEST_MS = 500;
const LONGEST_MS = 30_000;
/** A run of this length counts as a success: the next failure starts from the shortest delay. */
const STEADY_MS = 60_000;

/** How long to wait before a worker that ended is started again, given how long it ran and the wait before it (0 at first). */
export function workerRestartDelayMs(ranMs: number, previousDelayMs: number): number {
  if (ranMs >= STEADY_MS || previousDelayMs === 0) return SHORTEST_MS;
  return Math.min(previousDelayMs * 2, LONGEST_MS);
}
