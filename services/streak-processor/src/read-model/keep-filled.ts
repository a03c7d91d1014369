import type { Logger } from '@streaks/shared/observability/create-logger';
import { refillStreakStore } from '@streaks/shared/redis/refill-streak-store';
import type { StreakStore } from '@streaks/shared/redis/streak-store';
import type { Pool } from 'pg';
import { readAllStreaks } from './streak-pages';

export interface KeepFilledOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly checkEveryMs: number;
  readonly pageRows: number;
  readonly onRefill: (result: 'completed' | 'interrupted') => void;
}

/** One refill at a time over all processors; the lock is of the session and goes with it. */
const REFILL_LOCK_KEY = 7_318_120_453;

/** Looks whether Redis still has its sentinels and brings every state back when it lost them. Returns how to stop. */
export function keepFilled(options: KeepFilledOptions): { stop(): Promise<void> } {
  const { store, pool, generation, logger, newId } = options;
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
        const result = await refillStreakStore({
          store,
          pages: readAllStreaks(pool, generation, options.pageRows),
          generation,
          fillId: newId(),
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
    if ((await store.missingBuckets(generation)).length > 0) await refill();
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
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await check;
    },
  };
}

function ignore(): void {}
