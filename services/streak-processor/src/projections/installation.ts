import type { ClientBase, Pool } from 'pg';

/** The database was made for another number of outbox shards than the setting says. */
export class ShardCountError extends Error {
  readonly code = 'STREAKS_SHARD_COUNT';

  constructor(
    readonly installed: number,
    readonly configured: number,
  ) {
    super(
      `OUTBOX_SHARDS is ${configured}, but this database has ${installed} outbox shards: a user's shard follows from ` +
        `their number, so it cannot change; set OUTBOX_SHARDS=${installed}`,
    );
    this.name = 'ShardCountError';
  }
}

/** Any number that nobody else in this database uses for an advisory lock. */
const SHARDS_LOCK = 7_318_120_453;

/**
 * Makes the outbox shards 0 to `count` − 1 of a new installation; safe when several processes start at once.
 * @throws ShardCountError where there is another number of them
 */
export async function ensureOutboxShards(pool: Pool, count: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [SHARDS_LOCK]);
    await client.query(
      'INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1) WHERE NOT EXISTS (SELECT FROM outbox_shard)',
      [count],
    );
    const installed = await countShards(client);
    await client.query('COMMIT');
    if (installed !== count) throw new ShardCountError(installed, count);
  } finally {
    client.release();
  }
}

/** The generation that changes and projected values carry. */
export async function readGeneration(client: Pick<ClientBase, 'query'>): Promise<bigint> {
  const { rows } = await client.query<{ generation: string }>('SELECT generation FROM projection_generation');
  const [row] = rows;
  if (row === undefined) throw new Error('projection_generation has no row: the migrations seed it');
  return BigInt(row.generation);
}

async function countShards(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox_shard');
  return rows[0]?.count ?? 0;
}
