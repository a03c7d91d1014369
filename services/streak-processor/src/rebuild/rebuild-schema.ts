import type { ClientBase, Pool, QueryResultRow } from 'pg';

/** The tables that a rebuild makes again. The first two change places with the live ones, rows of the last are written in place. */
export const REBUILT_TABLES = ['focus_sessions', 'daily_totals', 'user_streaks'] as const;

export type RebuildSource = 'log' | 'sessions';

/**
 * How far a rebuild is: `basing` (sessions are copied and folded; from the log there is nothing to do), `replaying`,
 * `swapped` (the live tables are the rebuilt ones, what they replaced is still to be dropped).
 */
export type RebuildPhase = 'basing' | 'replaying' | 'swapped';

/** What makes two runs the same rebuild, so that one goes on where the other was killed. */
export interface RebuildIdentity {
  readonly source: RebuildSource;
  readonly topic: string;
  readonly topicId: string;
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
    source text NOT NULL, topic text NOT NULL, topic_id uuid NOT NULL, rules text NOT NULL, phase text NOT NULL,
    folded_up_to text COLLATE "C"
  );
  CREATE TABLE rebuild.positions (partition integer PRIMARY KEY, next_offset bigint NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE rebuild.conflicts (
    user_id text COLLATE "C" NOT NULL, session_id text COLLATE "C" NOT NULL,
    start_time timestamptz NOT NULL, end_time timestamptz NOT NULL, timezone text NOT NULL,
    PRIMARY KEY (user_id, session_id, start_time, end_time, timezone)
  );
  CREATE TABLE rebuild.suspects (user_id text COLLATE "C" NOT NULL, rule_id text COLLATE "C" NOT NULL, PRIMARY KEY (user_id, rule_id));`;

const DROP = 'DROP SCHEMA IF EXISTS rebuild CASCADE; DROP SCHEMA IF EXISTS rebuild_replaced CASCADE';

// LIKE leaves out storage settings and grants.
const COPY_SETTINGS = `
  SELECT format('ALTER TABLE rebuild.%I SET (%s)', relname, array_to_string(reloptions, ', ')) AS statement
  FROM pg_class WHERE oid = $1::regclass AND reloptions IS NOT NULL
  UNION ALL
  SELECT format('ALTER TABLE rebuild.%I OWNER TO %s', relname, relowner::regrole)
  FROM pg_class WHERE oid = $1::regclass AND relowner <> current_user::regrole
  UNION ALL
  SELECT format('GRANT %s ON rebuild.%I TO %s%s', a.privilege_type, c.relname,
                CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = $1::regclass`;

/** Makes the empty tables beside the live ones, with the same columns, keys, checks, storage settings, owner and grants. */
export async function createRebuildSchema(pool: Pool, identity: RebuildIdentity): Promise<RebuildRun> {
  return inTransaction(pool, async (client) => {
    await client.query(CREATE);
    for (const table of REBUILT_TABLES) {
      await client.query(`CREATE TABLE rebuild.${table} (LIKE public.${table} INCLUDING ALL)`);
      const { rows } = await client.query<{ statement: string }>(COPY_SETTINGS, [`public.${table}`]);
      for (const { statement } of rows) await client.query(statement);
    }
    const { source, topic, topicId, rules } = identity;
    const phase: RebuildPhase = source === 'log' ? 'replaying' : 'basing';
    const runs = await client.query<{ run_id: string }>(
      'INSERT INTO rebuild.run (source, topic, topic_id, rules, phase) VALUES ($1, $2, $3, $4, $5) RETURNING run_id',
      [source, topic, topicId, rules, phase],
    );
    return { ...identity, phase, runId: requireRow(runs.rows).run_id };
  });
}

export async function dropRebuildSchema(pool: Pool): Promise<void> {
  await pool.query(DROP);
}

/** A rebuild that was begun and not cleaned up. */
export async function findRebuildRun(pool: Pool): Promise<RebuildRun | undefined> {
  const exists = await pool.query<{ has: boolean }>("SELECT to_regclass('rebuild.run') IS NOT NULL AS has");
  if (!exists.rows[0]?.has) return undefined;
  const { rows } = await pool.query<RebuildRun>(
    'SELECT run_id AS "runId", source, topic, topic_id AS "topicId", rules, phase FROM rebuild.run',
  );
  return rows[0];
}

export async function setPhase(client: Pick<ClientBase, 'query'>, phase: RebuildPhase): Promise<void> {
  await client.query('UPDATE rebuild.run SET phase = $1', [phase]);
}

/** Positions by partition: the next offset to be applied. */
export type Positions = ReadonlyMap<number, bigint>;

const positionRows = (rows: readonly { partition: number; next_offset: string }[]): Positions =>
  new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset)]));

/** How far the processors are. */
export async function readLivePositions(client: Pick<ClientBase, 'query'>, topic: string): Promise<Positions> {
  const { rows } = await client.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM public.partition_progress WHERE topic = $1 ORDER BY partition',
    [topic],
  );
  return positionRows(rows);
}

/** How far the rebuild is. */
export async function readRebuildPositions(client: Pick<ClientBase, 'query'>): Promise<Positions> {
  const { rows } = await client.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM rebuild.positions ORDER BY partition',
  );
  return positionRows(rows);
}

export async function writeRebuildPositions(client: Pick<ClientBase, 'query'>, positions: Positions): Promise<void> {
  await client.query(
    `INSERT INTO rebuild.positions AS p (partition, next_offset) SELECT * FROM unnest($1::int[], $2::bigint[])
     ON CONFLICT (partition) DO UPDATE SET next_offset = greatest(p.next_offset, excluded.next_offset)`,
    [[...positions.keys()], [...positions.values()].map(String)],
  );
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
