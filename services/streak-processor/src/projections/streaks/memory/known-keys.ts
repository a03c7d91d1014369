/** Slots of a set: a key is forgotten only when so many others of its set came after it. */
const WAYS = 4;
const LONGEST_PAUSE_BATCHES = 1_024;

/**
 * Keys that probably have a row already. A hint that saves looking up rows which are not there, never an authority: a
 * known key may have no row (it is looked up and not found), and a key that is not known may have one, which the table's
 * unique index then says.
 */
export interface KnownKeys {
  /** Whether the row may be there, and from now on it is. Where absence is not to be believed, always true. */
  mayExist(hash: number): boolean;
  /** At the start of each batch. */
  beginBatch(): void;
  /** A key that was not known had a row: absence is not believed for some batches, for longer the more often this happens. */
  surprised(): void;
}

/** Remembers the last keys by 32 bits of their hash; `sets` is a power of two, each takes 16 bytes. */
export function createKnownKeys(sets: number): KnownKeys {
  const slots = new Uint32Array(sets * WAYS);
  let pauseBatches = 0;
  let nextPauseBatches = 1;
  let calmBatches = 0;

  return {
    mayExist(hash) {
      const print = hash === 0 ? 1 : hash >>> 0; // 0 is an empty slot
      const first = (print & (sets - 1)) * WAYS;
      let at = first;
      const last = first + WAYS - 1;
      while (at < last && slots[at] !== print) at += 1;
      const isKnown = slots[at] === print;
      for (; at > first; at -= 1) slots[at] = slots[at - 1] as number;
      slots[first] = print;
      return isKnown || pauseBatches > 0;
    },
    beginBatch() {
      if (pauseBatches > 0) {
        pauseBatches -= 1;
        return;
      }
      calmBatches += 1;
      if (calmBatches <= nextPauseBatches) return;
      nextPauseBatches = Math.max(1, nextPauseBatches / 2);
      calmBatches = 0;
    },
    surprised() {
      pauseBatches = nextPauseBatches;
      nextPauseBatches = Math.min(LONGEST_PAUSE_BATCHES, nextPauseBatches * 2);
      calmBatches = 0;
    },
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, from a hash to go on from. */
export function hashText(text: string, seed = FNV_OFFSET): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return hash;
}

/** Goes on from a hash with a number of 32 bits, and mixes, since sets are chosen by the low bits. */
export function hashNumber(value: number, seed: number): number {
  let hash = Math.imul(seed ^ value, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
