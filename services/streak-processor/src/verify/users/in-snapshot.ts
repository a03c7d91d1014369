import type { Pool, PoolClient } from 'pg';
import { SWAPPED_TABLES } from '../../rebuild/schema/rebuilt-tables';

const LOCK = `LOCK TABLE ${[...SWAPPED_TABLES, 'user_streaks'].join(', ')} IN ACCESS SHARE MODE`;

/** What is read on the client belongs to one moment. */
export async function inSnapshot<T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // Before the snapshot is taken: one older than the swap of a rebuild would not see all rows of the tables that it brought.
    await client.query(LOCK);
    const answer = await read(client);
    await client.query('COMMIT');
    isBroken = false;
    return answer;
  } finally {
    client.release(isBroken);
  }
}
