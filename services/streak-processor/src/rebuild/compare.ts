import type { ClientBase, Pool } from 'pg';
import { inTransaction, requireRow } from './rebuild-schema';

/** How the live rows of a table differ from the rebuilt ones. */
export interface TableDifferences {
  readonly table: string;
  /** Rows that the live table lacks. */
  readonly missing: number;
  /** Rows that only the live table has. */
  readonly unexpected: number;
  readonly different: number;
  /** A few of them, in words. */
  readonly examples: readonly string[];
}

interface ComparedTable {
  readonly table: string;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  /** Rows that say nothing, which the other side may lack. */
  readonly isEmpty?: string;
}

const TABLES: readonly ComparedTable[] = [
  { table: 'focus_sessions', keys: ['user_id', 'session_id'], columns: ['start_time', 'end_time', 'timezone'] },
  {
    table: 'daily_totals',
    keys: ['user_id', 'rule_id', 'local_date'],
    columns: ['total', 'latest_end', 'latest_id', 'latest_timezone'],
  },
  {
    table: 'user_streaks',
    keys: ['user_id', 'rule_id'],
    columns: [
      'runs',
      'timezone',
      'current_run_length',
      'longest_run_length',
      'last_qualified_date',
      'qualified_days_count',
    ],
    isEmpty: "runs = '{}' AND timezone IS NULL AND longest_run_length = 0 AND qualified_days_count = 0",
  },
];

const EXAMPLES = 5;

/** Compares all three tables in one snapshot. The client's transaction is REPEATABLE READ. */
export async function compareTables(
  client: ClientBase,
  onTable: (done: number) => void,
): Promise<readonly TableDifferences[]> {
  const found: TableDifferences[] = [];
  for (const [done, compared] of TABLES.entries()) {
    found.push(await compareTable(client, compared));
    onTable(done + 1);
  }
  return found;
}

/** The users whose streak is another one, or whose row is not where the history ends: what a swap must write. */
export const STREAKS_TO_CORRECT = `
  SELECT user_id, rule_id FROM (${differingRows(requireTable('user_streaks'))}) d
  UNION SELECT user_id, rule_id FROM rebuild.suspects`;

// The history is the authority on versions. One pass over it, which is why it is made outside of the swap.
const ROWS_OFF_THEIR_HISTORY = `
  SELECT coalesce(s.user_id, h.user_id), coalesce(s.rule_id, h.rule_id)
  FROM (
    SELECT DISTINCT ON (user_id, rule_id) user_id, rule_id, version, current_after, longest_after, qualified_days_after,
           last_qualified_after, timezone
    FROM public.streak_history ORDER BY user_id, rule_id, version DESC
  ) h FULL JOIN (SELECT * FROM public.user_streaks WHERE version <> 0) s ON s.user_id = h.user_id AND s.rule_id = h.rule_id
  WHERE ROW(h.version, h.current_after, h.longest_after, h.qualified_days_after, h.last_qualified_after, h.timezone)
    IS DISTINCT FROM ROW(s.version, s.current_run_length, s.longest_run_length, s.qualified_days_count, s.last_qualified_date, s.timezone)`;

/**
 * Remembers the users whose row of `user_streaks` is not where their history ends, whatever the rebuilt state is. Returns how
 * many. One statement, so that rows and history are of one moment.
 */
export async function findSuspects(pool: Pool): Promise<number> {
  return inTransaction(pool, async (client) => {
    await client.query('TRUNCATE rebuild.suspects');
    const { rowCount } = await client.query(
      `INSERT INTO rebuild.suspects (user_id, rule_id) ${ROWS_OFF_THEIR_HISTORY}`,
    );
    return rowCount ?? 0;
  });
}

async function compareTable(client: ClientBase, compared: ComparedTable): Promise<TableDifferences> {
  const counts = await client.query<Record<'missing' | 'unexpected' | 'different', number>>(
    `SELECT count(*) FILTER (WHERE kind = 'missing')::int AS missing,
            count(*) FILTER (WHERE kind = 'unexpected')::int AS unexpected,
            count(*) FILTER (WHERE kind = 'different')::int AS different
     FROM (${differingRows(compared)}) d`,
  );
  const row = requireRow(counts.rows);
  const isEqual = row.missing + row.unexpected + row.different === 0;
  const examples = isEqual
    ? []
    : (
        await client.query<{ example: string }>(
          `SELECT concat_ws(' ', ${compared.keys.join(', ')}, kind || ': live', live, 'rebuilt', rebuilt) AS example
           FROM (${differingRows(compared)}) d LIMIT ${EXAMPLES}`,
        )
      ).rows;
  return { table: compared.table, ...row, examples: examples.map(({ example }) => example) };
}

function differingRows({ table, keys, columns, isEmpty = 'false' }: ComparedTable): string {
  const values = (side: string) => `(${columns.map((column) => `${side}.${column}`).join(', ')})`;
  const side = (schema: string) => `(SELECT * FROM ${schema}.${table} WHERE NOT (${isEmpty}))`;
  return `SELECT ${keys.map((key) => `coalesce(l.${key}, f.${key}) AS ${key}`).join(', ')},
      CASE WHEN l.user_id IS NULL THEN 'missing' WHEN f.user_id IS NULL THEN 'unexpected' ELSE 'different' END AS kind,
      ROW${values('l')}::text AS live, ROW${values('f')}::text AS rebuilt
    FROM ${side('public')} l FULL JOIN ${side('rebuild')} f ON ${keys.map((key) => `l.${key} = f.${key}`).join(' AND ')}
    WHERE l.user_id IS NULL OR f.user_id IS NULL OR ROW${values('l')} IS DISTINCT FROM ROW${values('f')}`;
}

function requireTable(name: string): ComparedTable {
  const found = TABLES.find(({ table }) => table === name);
  if (found === undefined) throw new Error(`${name} is not compared`);
  return found;
}

export function describeDifferences({ table, missing, unexpected, different, examples }: TableDifferences): string[] {
  if (missing + unexpected + different === 0) return [`${table}: no differences`];
  return [
    `${table}: ${missing} rows missing, ${unexpected} unexpected, ${different} different`,
    ...examples.map((example) => `  ${example}`),
  ];
}
