import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { Pool, PoolClient } from 'pg';
import { comparePage, markCompared, rankShard, readGenerationToCompare, readShardsBehind } from './rank-places';

export interface KeepPlacesOptions {
  readonly pool: Pool;
  readonly monotonicMs: () => number;
  readonly logger: Logger;
  readonly onPlaced: (users: number) => void;
}

export interface KeptPlaces {
  stop(): Promise<void>;
}

/** One keeper over all processors; the lock is of the session and goes with it. */
export const PLACES_LOCK_KEY = 7_318_120_456;

const PAGE_ROWS = 2_000;
const LOOK_EVERY_MS = 1_000;
/** Of the work between two rests. */
const MOST_WORK_MS = 500;
/** Milliseconds to rest for each one worked: who applies and projects comes first. */
const REST = 15;
/** Until another process is asked again whether it keeps the places. */
const AWAY_MS = 5_000;

/**
 * Lets `board_places` follow the history of streaks, a second behind it, and further while there is much to apply. It is what
 * boards are read from while Redis is away, so it hangs on nothing that is in Redis.
 */
export function keepPlaces({ pool, monotonicMs, logger, onPlaced }: KeepPlacesOptions): KeptPlaces {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rest = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  async function work(client: PoolClient): Promise<void> {
    const untilMs = monotonicMs() + MOST_WORK_MS;
    await compareAll(client);
    for (const shard of await readShardsBehind(client)) {
      for (let hasMore = true; hasMore && monotonicMs() < untilMs && !signal.aborted; ) {
        const page = await rankShard(client, shard, PAGE_ROWS);
        if (page.placed > 0) onPlaced(page.placed);
        hasMore = page.hasMore;
      }
    }
  }

  async function compareAll(client: PoolClient): Promise<void> {
    const generation = await readGenerationToCompare(client);
    if (generation === undefined) return;
    for (let after: string | undefined = ''; after !== undefined; ) {
      if (signal.aborted) return;
      const startedMs = monotonicMs();
      after = await comparePage(client, after, PAGE_ROWS);
      await rest(monotonicMs() - startedMs);
    }
    await markCompared(client, generation);
    logger.info({ generation: String(generation) }, 'board_places_compared');
  }

  async function keep(client: PoolClient): Promise<void> {
    while (!signal.aborted) {
      const startedMs = monotonicMs();
      await work(client);
      await rest(Math.max(LOOK_EVERY_MS, (monotonicMs() - startedMs) * REST));
    }
  }

  async function keepWhileLocked(): Promise<void> {
    const client = await pool.connect();
    client.on('error', ignore);
    let mayHoldLock = true;
    try {
      const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [
        PLACES_LOCK_KEY,
      ]);
      mayHoldLock = rows[0]?.got === true;
      if (mayHoldLock) await keep(client);
    } finally {
      client.removeListener('error', ignore);
      client.release(mayHoldLock); // a closed connection gives the lock back
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await keepWhileLocked().catch((error: unknown) => logger.debug({ err: error }, 'board_places_not_kept'));
      await rest(AWAY_MS);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function ignore(): void {}
