import type { ClientBase } from 'pg';

/** What events said, and nothing else says: the start of a rebuild from the stored facts. */
export const FACT_TABLES = [
  'focus_sessions',
  'check_ins',
  'retracted_sessions',
  'special_users',
  'organisations',
  'friendships',
] as const;

/** The tables that change places with the live ones, in the order in which whoever reads several of them locks them. */
export const SWAPPED_TABLES = [...FACT_TABLES, 'special_buckets', 'organisation_members', 'daily_totals'] as const;

/** All tables that a rebuild makes again; of the last one single rows are written in place. */
export const REBUILT_TABLES = [...SWAPPED_TABLES, 'user_streaks'] as const;

/** What the projections write to beside them: the rebuild works these jobs off itself. */
const OWN_TABLES = ['reevaluations'] as const;

/** Tables that are compared and then left behind: what only readers need is not made. */
const WITHOUT_INDEXES: ReadonlySet<string> = new Set(['user_streaks']);

// LIKE leaves out storage settings and grants, and gives indexes names of its own.
const MAKE_ALIKE = `
  SELECT format('ALTER TABLE rebuild.%I ADD CONSTRAINT %I %s', relname, conname, pg_get_constraintdef(k.oid)) AS statement
  FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'u') WHERE c.oid = $1::regclass
  UNION ALL
  SELECT regexp_replace(pg_get_indexdef(i.indexrelid), ' ON public\\.', ' ON rebuild.')
  FROM pg_index i WHERE i.indrelid = $1::regclass AND $2
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  UNION ALL
  SELECT format('ALTER TABLE rebuild.%I SET (%s)', relname, array_to_string(reloptions, ', '))
  FROM pg_class WHERE oid = $1::regclass AND reloptions IS NOT NULL
  UNION ALL
  SELECT format('ALTER TABLE rebuild.%I OWNER TO %s', relname, relowner::regrole)
  FROM pg_class WHERE oid = $1::regclass AND relowner <> current_user::regrole
  UNION ALL
  SELECT format('GRANT %s ON rebuild.%I TO %s%s', a.privilege_type, c.relname,
                CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = $1::regclass`;

/** Makes the empty tables beside the live ones, with the same columns, keys, indexes, checks, storage settings, owner and grants. */
export async function createRebuiltTables(client: ClientBase): Promise<void> {
  for (const table of [...REBUILT_TABLES, ...OWN_TABLES]) {
    await client.query(`CREATE TABLE rebuild.${table} (LIKE public.${table} INCLUDING ALL EXCLUDING INDEXES)`);
    const values = [`public.${table}`, !WITHOUT_INDEXES.has(table)];
    const { rows } = await client.query<{ statement: string }>(MAKE_ALIKE, values);
    for (const { statement } of rows) await client.query(statement);
  }
}
