import { setTimeout as delay } from 'node:timers/promises';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { classifyStoreError, sqlStateOf } from '@streaks/shared/postgres/errors';
import type { Pool } from 'pg';

const RETRY_MS = 500;
const UNDEFINED_TABLE = '42P01';
const UNDEFINED_ROLE = '22023';

/**
 * Waits for Postgres, makes the outbox shards on the first start and reads the generation of the read model.
 * @throws one clear line when the schema is missing or the installation was made with other settings
 */
export async function prepareStore(pool: Pool, shardCount: number, logger: Logger): Promise<{ generation: bigint }> {
  for (;;) {
    try {
      await ensureShards(pool, shardCount);
      const { rows } = await pool.query<{ generation: string }>('SELECT generation FROM projection_generation');
      const [row] = rows;
      if (!row) throw new Error('projection_generation is empty: the schema is damaged');
      return { generation: BigInt(row.generation) };
    } catch (error) {
      const code = sqlStateOf(error);
      if (code === UNDEFINED_TABLE || code === UNDEFINED_ROLE) {
        throw new Error('the database has no schema of Streaks: run the migrations first (npm start does)', {
          cause: error,
        });
      }
      if (classifyStoreError(error) !== 'unavailable') throw error;
      logger.warn({ err: error, retryMs: RETRY_MS }, 'postgres_away');
      await delay(RETRY_MS);
    }
  }
}
