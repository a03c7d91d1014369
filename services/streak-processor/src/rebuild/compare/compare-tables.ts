import type { ClientBase } from 'pg';
import { requireRow } from '../schema/rebuild-schema';
import { COMPARED_TABLES, type ComparedTable, differingRows, lostRows } from './compared-tables';

/** How the live rows of a table differ from the rebuilt ones. */
export interface TableDifferences {
  readonly table: string;
  /** Rows that the live table lacks. */
  readonly missing: number;
  /** Rows that only the live table has. */
  readonly unexpected: number;
  readonly different: number;
  /** Facts that a swap would lose: they are in the live table, and neither in the log nor erased nor retracted. */
  readonly lost: number;
  /** A few of them, in words. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Compares all tables in one snapshot. The client's transaction is REPEATABLE READ. */
export async function compareTables(
  client: ClientBase,
  onTable: (done: number) => void,
): Promise<readonly TableDifferences[]> {
  const found: TableDifferences[] = [];
  for (const [done, compared] of COMPARED_TABLES.entries()) {
    found.push(await compareTable(client, compared));
    onTable(done + 1);
  }
  return found;
}

async function compareTable(client: ClientBase, compared: ComparedTable): Promise<TableDifferences> {
  const { table, keys, isLost } = compared;
  const counts = await client.query<Record<'missing' | 'unexpected' | 'different', number>>(
    `SELECT count(*) FILTER (WHERE kind = 'missing')::int AS missing,
            count(*) FILTER (WHERE kind = 'unexpected')::int AS unexpected,
            count(*) FILTER (WHERE kind = 'different')::int AS different
     FROM (${differingRows(compared)}) d`,
  );
  const row = requireRow(counts.rows);
  if (countOf(row) === 0) return { table, ...row, lost: 0, examples: [] };
  const lost =
    isLost === undefined
      ? 0
      : requireRow((await client.query<{ lost: number }>(lostRows({ ...compared, isLost }))).rows).lost;
  const examples = await client.query<{ example: string }>(
    `SELECT concat_ws(' ', ${keys.join(', ')}, kind || ': live', live, 'rebuilt', rebuilt) AS example
     FROM (${differingRows(compared)}) d LIMIT ${EXAMPLES}`,
  );
  return { table, ...row, lost, examples: examples.rows.map(({ example }) => example) };
}

const countOf = ({ missing, unexpected, different }: Pick<TableDifferences, 'missing' | 'unexpected' | 'different'>) =>
  missing + unexpected + different;

export const countDifferences = (tables: readonly TableDifferences[]): number =>
  tables.reduce((sum, table) => sum + countOf(table), 0);

export function describeDifferences({ table, examples, ...counts }: TableDifferences): string[] {
  if (countOf(counts) === 0) return [`${table}: no differences`];
  const { missing, unexpected, different } = counts;
  return [
    `${table}: ${missing} rows missing, ${unexpected} unexpected, ${different} different`,
    ...examples.map((example) => `  ${example}`),
  ];
}
