import { type RefillResult, refillStreakStore } from '@streaks/shared/redis/streaks/refill-streak-store';
import type { StreakStore, StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';
import { readAllStreaks, readShardPage } from './streak-pages';

/** One refill at a time over all processors and commands; the lock is of the session and goes with it. */
export const REFILL_LOCK_KEY = 7_318_120_453;

export interface PostgresRefillOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly fillId: string;
  readonly pageRows: number;
  readonly signal?: AbortSignal;
  readonly onRows?: (rows: number) => void;
}

/**
 * Brings every state into Redis under a generation, and then once more those that were changed meanwhile. A processor that
 * has not seen the generation yet writes under the one before: a page read before its change was committed and written after
 * it would win over it. From the sentinels on such a writer is refused, and what it wrote before them is in the history by then.
 */
export async function refillFromPostgres(options: PostgresRefillOptions): Promise<RefillResult> {
  const { store, pool, generation, fillId, pageRows, signal, onRows } = options;
  const marks = await readMarks(pool);
  async function* pages(): AsyncGenerator<readonly StreakWrite[]> {
    for await (const page of readAllStreaks(pool, generation, pageRows)) {
      yield page;
      onRows?.(page.length);
    }
    yield* changesSince(pool, marks, generation, pageRows);
  }
  const result = await refillStreakStore({
    store,
    pages: pages(),
    generation,
    fillId,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.isFilled) {
    for await (const page of changesSince(pool, marks, generation, pageRows)) await store.writeAll(page);
  }
  return result;
}

type Marks = Map<number, bigint>;

async function readMarks(pool: Pool): Promise<Marks> {
  const { rows } = await pool.query<{ shard: number; out_seq: string }>('SELECT shard, out_seq FROM outbox_shard');
  return new Map(rows.map(({ shard, out_seq }) => [shard, BigInt(out_seq)]));
}

/** The states whose changes were committed after the marks, which stay where they are. */
async function* changesSince(
  pool: Pool,
  marks: Marks,
  generation: bigint,
  pageRows: number,
): AsyncGenerator<readonly StreakWrite[]> {
  const ends = await readMarks(pool);
  for (const [shard, mark] of marks) {
    for (let afterSeq = mark; afterSeq < (ends.get(shard) ?? mark); ) {
      const page = await readShardPage(pool, { shard, afterSeq, limit: pageRows, generation });
      if (page.lastSeq === undefined) break;
      yield page.writes;
      afterSeq = page.lastSeq;
    }
  }
}
