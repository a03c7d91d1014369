import type { BoardName } from '@streaks/shared/redis/boards/board-entry';
import type { BoardOutline } from './board-outline';

/** Up to this age an outline is taken as it is. */
export const FRESH_MS = 5_000;
/** Up to this age it is taken while another one is being made. */
export const USABLE_MS = 30_000;

export interface KeepOutlinesOptions {
  readonly scan: (ruleId: string, board: BoardName, nowMs: number) => Promise<BoardOutline>;
  readonly monotonicMs: () => number;
}

export interface Outlines {
  get(ruleId: string, board: BoardName, nowMs: number): Promise<BoardOutline>;
}

type Kept = { readonly outline: BoardOutline; readonly madeAtMs: number };

/** Each board is gone over by one scan at a time, however many ask, and not again for some seconds. */
export function keepOutlines({ scan, monotonicMs }: KeepOutlinesOptions): Outlines {
  const kept = new Map<string, Kept>();
  const scans = new Map<string, Promise<BoardOutline>>();

  function renew(key: string, start: () => Promise<BoardOutline>): Promise<BoardOutline> {
    const running = scans.get(key);
    if (running !== undefined) {
      return running;
    }
    const madeAtMs = monotonicMs();
    const scanning = start()
      .then((outline) => {
        kept.set(key, { outline, madeAtMs });
        return outline;
      })
      .finally(() => scans.delete(key));
    scans.set(key, scanning);
    return scanning;
  }

  return {
    async get(ruleId, board, nowMs) {
      const key = `${board}:${ruleId}`;
      const found = kept.get(key);
      const ageMs = found === undefined ? Number.POSITIVE_INFINITY : monotonicMs() - found.madeAtMs;
      if (found !== undefined && ageMs <= FRESH_MS) {
        return found.outline;
      }
      const renewed = renew(key, () => scan(ruleId, board, nowMs));
      if (found !== undefined && ageMs <= USABLE_MS) {
        renewed.catch(() => undefined);
        return found.outline;
      }
      return renewed;
    },
  };
}
