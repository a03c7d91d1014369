import type { Queryable } from '@streaks/exactly-once/sql/progress';

/** The life of the projected data as Postgres has it now; grows with each restore or rebuild. */
export async function readGeneration(store: Queryable): Promise<bigint> {
  const { rows } = await store.query<{ generation: string }>('SELECT generation FROM projection_generation');
  const [row] = rows;
  if (row === undefined) throw new Error('projection_generation is empty: the schema is damaged');
  return BigInt(row.generation);
}
