import type { ClientBase } from 'pg';

// The month of the first migration has its partition from then on, until somebody detaches it.
const HAS_FIRST_MONTH = `
  SELECT to_regclass('public.streak_history_' || to_char(min(run_on) AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL AS has
  FROM public.schema_migrations`;

/** Whether old months were detached. Who may not read when the installation began is told of every number that is missing. */
export async function isHistoryCut(client: Pick<ClientBase, 'query'>): Promise<boolean> {
  const may = await client.query<{ may: boolean }>(
    "SELECT has_table_privilege('public.schema_migrations', 'SELECT') AS may",
  );
  if (!may.rows[0]?.may) return false;
  const { rows } = await client.query<{ has: boolean }>(HAS_FIRST_MONTH);
  return rows[0]?.has === false;
}
