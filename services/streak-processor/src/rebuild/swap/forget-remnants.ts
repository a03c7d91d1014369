import type { ClientBase } from 'pg';

const TABLES = ['streak_history', 'dead_letters'] as const;

/**
 * Deletes what erasures have left in history and dead letters, which are not rebuilt: the remnants that were found. Under the
 * fence. Returns the number of rows.
 */
export async function forgetRemnants(client: ClientBase): Promise<number> {
  let forgotten = 0;
  for (const table of TABLES) {
    const { rowCount } = await client.query(
      `DELETE FROM public.${table} t USING rebuild.remnants r
       WHERE r.of_table = '${table}' AND t.shard = r.shard AND t.out_seq = r.out_seq`,
    );
    forgotten += rowCount ?? 0;
  }
  return forgotten;
}
