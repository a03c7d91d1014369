import type { StreakStore, StreakWrite } from './streak-store';

export interface RefillOptions {
  readonly store: StreakStore;
  /** Every row of `user_streaks`, page by page, read after the refill was decided on. */
  readonly pages: AsyncIterable<readonly StreakWrite[]>;
  readonly generation: bigint;
  /** A name no other refill has (a random UUID). */
  readonly fillId: string;
  /** Ends the refill before its next page; the sentinels stay unset. */
  readonly signal?: AbortSignal;
}

export interface RefillResult {
  readonly rows: number;
  readonly written: number;
  /** Rows overtaken by the relay while the page was on its way: right, not lost. */
  readonly stale: number;
  /** Whether every sentinel stands. False where Redis was emptied meanwhile, another refill began, or this one was ended. */
  readonly isFilled: boolean;
}

/**
 * Brings every state and its place on the boards back into a Redis that lost them, by the same compare-and-set as the relay, and sets the sentinels
 * last: a reader that finds the sentinel may take a miss for a user without a state of that generation.
 */
export async function refillStreakStore(options: RefillOptions): Promise<RefillResult> {
  const { store, pages, generation, fillId, signal } = options;
  await store.beginFill(fillId);
  let rows = 0;
  let written = 0;
  let stale = 0;
  for await (const page of pages) {
    if (signal?.aborted === true) {
      return { rows, written, stale, isFilled: false };
    }
    const counts = await store.fillAll(page);
    rows += page.length;
    written += counts.written;
    stale += counts.stale;
  }
  await store.markFilled(generation, fillId);
  const [buckets, boards] = await Promise.all([store.missingBuckets(generation), store.missingBoards(generation)]);
  return { rows, written, stale, isFilled: buckets.length === 0 && boards.length === 0 };
}
