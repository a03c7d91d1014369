import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';
import { REFILL_LOCK_KEY, refillFromPostgres } from '../read-model/refill-from-postgres';
import type { ProgressDisplay } from '../verify/progress-display';
import { requireRow } from './schema/rebuild-schema';

const PAGE_ROWS = 2_000;
const POLL_MS = 200;
const PATIENCE_MS = 600_000;

/** One more than the generation before: what was projected under that is to be replaced. */
export async function raiseGeneration(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query<{ generation: string }>(
    'UPDATE projection_generation SET generation = generation + 1 RETURNING generation',
  );
  return BigInt(requireRow(rows).generation);
}

/**
 * Fills Redis, states and boards, under the generation that Postgres has. A processor that is about to do the same, or does it already, is
 * waited for. Resolves to the number of states written here.
 * @throws when Redis was not filled within ten minutes
 */
export async function refillRedis(pool: Pool, store: StreakStore, display: ProgressDisplay): Promise<number> {
  const { rows } = await pool.query<{ generation: string; states: number }>(
    `SELECT generation, (SELECT count(*)::int FROM user_streaks WHERE version > 0) AS states FROM projection_generation`,
  );
  const { generation, states } = requireRow(rows);
  display.step('refill Redis', states);
  const deadlineMs = performance.now() + PATIENCE_MS;
  let written = 0;
  while (await isMissing(store, BigInt(generation))) {
    if (performance.now() > deadlineMs) throw new Error('Redis could not be filled within ten minutes');
    await fillOnce(pool, store, BigInt(generation), (count) => {
      written += count;
      display.at(written);
    });
    await delay(POLL_MS);
  }
  display.close();
  return written;
}

async function isMissing(store: StreakStore, generation: bigint): Promise<boolean> {
  const [buckets, boards] = await Promise.all([store.missingBuckets(generation), store.missingBoards(generation)]);
  return buckets.length + boards.length > 0;
}

async function fillOnce(pool: Pool, store: StreakStore, generation: bigint, onRows: (rows: number) => void) {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [REFILL_LOCK_KEY]);
    if (!rows[0]?.got) return;
    await refillFromPostgres({ store, pool, generation, fillId: randomUUID(), pageRows: PAGE_ROWS, onRows });
  } finally {
    client.release(true); // a closed connection gives the lock back
  }
}
