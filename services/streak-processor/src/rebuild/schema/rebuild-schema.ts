import type { ClientBase, Pool, QueryResultRow } from 'pg';
import { createRebuiltTables } from './rebuilt-tables';

/** `sessions` are all stored facts: sessions, check-ins, retractions, settings, erasures, organisations, friendships. */
export type RebuildSource = 'log' | 'sessions';

/**
 * How far a rebuild is: `basing` (facts are copied, totals and streaks counted from them; from the log there is nothing to do),
 * `replaying`, `swapped` (the live tables are the rebuilt ones, what they replaced is still to be dropped).
 */
export type RebuildPhase = 'basing' | 'replaying' | 'swapped';

/** What makes two runs the same rebuild, so that one goes on where the other was killed. */
export interface RebuildIdentity {
  readonly source: RebuildSource;
  /** The topics with their ids. */
  readonly inputs: string;
  /** Target and limits: a replay under other ones is another rebuild. */
  readonly rules: string;
}

export interface RebuildRun extends RebuildIdentity {
  readonly runId: string;
  readonly phase: RebuildPhase;
}

const CREATE = `
  CREATE SCHEMA rebuild;
  CREATE TABLE rebuild.run (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    run_id uuid NOT NULL DEFAULT gen_random_uuid(),
    source text NOT NULL, inputs text NOT NULL, rules text NOT NULL, phase text NOT NULL,
    folded_up_to text COLLATE "C"
  );
  CREATE TABLE rebuild.positions (
    topic text COLLATE "C" NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition)
  ) WITH (fillfactor = 50);
  CREATE TABLE rebuild.conflicts (
    of_table text COLLATE "C" NOT NULL, user_id text COLLATE "C" NOT NULL, event_id text COLLATE "C" NOT NULL,
    first_time timestamptz NOT NULL, last_time timestamptz NOT NULL, timezone text NOT NULL, record_time timestamptz NOT NULL,
    PRIMARY KEY (of_table, user_id, event_id, first_time, last_time, timezone)
  );
  CREATE TABLE rebuild.suspects (user_id text COLLATE "C" NOT NULL, rule_id text COLLATE "C" NOT NULL, PRIMARY KEY (user_id, rule_id));
  CREATE TABLE rebuild.remnants (of_table text COLLATE "C" NOT NULL, shard integer NOT NULL, out_seq bigint NOT NULL);`;

const DROP = 'DROP SCHEMA IF EXISTS rebuild CASCADE; DROP SCHEMA IF EXISTS rebuild_replaced CASCADE';

export async function createRebuildSchema(pool: Pool, identity: RebuildIdentity): Promise<RebuildRun> {
  return inTransaction(pool, async (client) => {
    await client.query(CREATE);
    await createRebuiltTables(client);
    const { source, inputs, rules } = identity;
    const phase: RebuildPhase = source === 'log' ? 'replaying' : 'basing';
    const runs = await client.query<{ run_id: string }>(
      'INSERT INTO rebuild.run (source, inputs, rules, phase) VALUES ($1, $2, $3, $4) RETURNING run_id',
      [source, inputs, rules, phase],
    );
    return { ...identity, phase, runId: requireRow(runs.rows).run_id };
  });
}

export async function dropRebuildSchema(pool: Pool): Promise<void> {
  await pool.query(DROP);
}

/** A rebuild that was begun and not cleaned up. One that another release began lacks what makes it the same as this one. */
export async function findRebuildRun(
  pool: Pool,
): Promise<(Partial<RebuildRun> & Pick<RebuildRun, 'phase'>) | undefined> {
  const exists = await pool.query<{ has: boolean }>("SELECT to_regclass('rebuild.run') IS NOT NULL AS has");
  if (!exists.rows[0]?.has) return undefined;
  const { rows } = await pool.query<{ run: Partial<RebuildRun> & Pick<RebuildRun, 'phase'> & { run_id: string } }>(
    'SELECT to_jsonb(r) AS run FROM rebuild.run r',
  );
  return rows[0] && { ...rows[0].run, runId: rows[0].run.run_id };
}

export async function setPhase(client: Pick<ClientBase, 'query'>, phase: RebuildPhase): Promise<void> {
  await client.query('UPDATE rebuild.run SET phase = $1', [phase]);
}

export async function inTransaction<T>(
  pool: Pool,
  work: (client: ClientBase) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    isBroken = false;
    return result;
  } finally {
    client.release(isBroken); // a closed connection rolls back
  }
}

export function requireRow<Row extends QueryResultRow>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that always answers with a row answered with none');
  return row;
}
