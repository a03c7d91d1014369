/** Wall-clock time as a dependency: everything but a composition root is given one of these. */
export type Clock = { nowMs(): number };

export const systemClock: Clock = { nowMs: () => Date.now() };
