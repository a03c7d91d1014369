import type { Logger } from '@streaks/shared/observability/create-logger';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';
import { readGeneration } from './read-generation';
import { REFILL_LOCK_KEY, refillFromPostgres } from './refill-from-postgres';

export interface KeepFilledOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  /** That of the start. */
  readonly generation: bigint;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly checkEveryMs: number;
  readonly pageRows: number;
  readonly onRefill: (result: 'completed' | 'interrupted') => void;
}

export interface KeptFilled {
  /** As it was in Postgres at the last look: a rebuild raises it while processors run. */
  readonly generation: () => bigint;
  stop(): Promise<void>;
}

/** Looks whether Redis has its sentinels of the present generation and brings every state, and the boards, back when it has not. */
export function keepFilled(options: KeepFilledOptions): KeptFilled {
  const { store, pool, logger, newId } = options;
  let generation = options.generation;
  const stopping = new AbortController();

  const refill = async (): Promise<void> => {
    const client = await pool.connect();
    client.on('error', ignore);
    let isBroken = true;
    try {
      const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [
        REFILL_LOCK_KEY,
      ]);
      if (rows[0]?.got) {
        const result = await refillFromPostgres({
          store,
          pool,
          generation,
          fillId: newId(),
          pageRows: options.pageRows,
          signal: stopping.signal,
        });
        options.onRefill(result.isFilled ? 'completed' : 'interrupted');
        logger.info({ ...result }, 'redis_refilled');
        await client.query('SELECT pg_advisory_unlock($1)', [REFILL_LOCK_KEY]);
      }
      isBroken = false;
    } finally {
      client.removeListener('error', ignore);
      client.release(isBroken); // a closed connection gives the lock back
    }
  };

  let isChecking = false;
  let check: Promise<void> = Promise.resolve();
  const checkOnce = async (): Promise<void> => {
    const present = await readGeneration(pool);
    if (present !== generation) logger.info({ generation: String(present) }, 'generation_changed');
    generation = present;
    const [buckets, boards] = await Promise.all([store.missingBuckets(generation), store.missingBoards(generation)]);
    if (buckets.length + boards.length > 0) await refill();
  };
  const start = () => {
    if (isChecking || stopping.signal.aborted) return;
    isChecking = true;
    check = checkOnce()
      .catch((error: unknown) => logger.debug({ err: error }, 'redis_fill_check_failed'))
      .finally(() => {
        isChecking = false;
      });
  };
  const timer = setInterval(start, options.checkEveryMs);
  start();

  return {
    generation: () => generation,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await check;
    },
  };
}

function ignore(): void {}
