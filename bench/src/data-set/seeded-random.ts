/** Numbers from a seed, the same on every machine (mulberry32). For data sets, not for secrets. */
export interface SeededRandom {
  /** From 0, below 1. */
  fraction(): number;
  /** An integer from 0, below `limit`. */
  below(limit: number): number;
  /** 32 random bits as 8 hexadecimal digits. */
  hex8(): string;
}

export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  return {
    fraction: () => next() / 2 ** 32,
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    hex8: () => next().toString(16).padStart(8, '0'),
  };
}
