import type { ClientBase } from 'pg';

/** Positions of a topic by partition: the next offset to be applied. */
export type Positions = ReadonlyMap<number, bigint>;

type Queryable = Pick<ClientBase, 'query'>;

/** How far the processors are. */
export function readLivePositions(client: Queryable, topic: string): Promise<Positions> {
  return readPositions(client, 'public.partition_progress', topic);
}

/** How far the rebuild is. */
export function readRebuildPositions(client: Queryable, topic: string): Promise<Positions> {
  return readPositions(client, 'rebuild.positions', topic);
}

/** Positions never go back. */
export async function writeRebuildPositions(client: Queryable, topic: string, positions: Positions): Promise<void> {
  await client.query(
    `INSERT INTO rebuild.positions AS p (topic, partition, next_offset)
     SELECT $1, * FROM unnest($2::int[], $3::bigint[])
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = greatest(p.next_offset, excluded.next_offset)`,
    [topic, [...positions.keys()], [...positions.values()].map(String)],
  );
}

/** Records between two positions, gaps in the offsets among them. */
export function distance(from: Positions, to: Positions): number {
  return [...to].reduce((sum, [partition, target]) => sum + Number(target - (from.get(partition) ?? 0n)), 0);
}

export function isReached(positions: Positions, targets: Positions): boolean {
  return [...targets].every(([partition, target]) => (positions.get(partition) ?? 0n) >= target);
}

async function readPositions(client: Queryable, table: string, topic: string): Promise<Positions> {
  const { rows } = await client.query<{ partition: number; next_offset: string }>(
    `SELECT partition, next_offset FROM ${table} WHERE topic = $1 ORDER BY partition`,
    [topic],
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset)]));
}
