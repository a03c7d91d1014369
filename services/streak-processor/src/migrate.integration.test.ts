import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@streaks/testing/repository';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Client } from 'pg';
import { createHistoryPartitions } from './migrate';

const run = promisify(execFile);
const PROCESSES = 4;

let database: TestDatabase;
afterEach(() => database.drop());

/** The command as an operator runs it; its lines. */
async function migrateProcess(databaseUrl: string): Promise<readonly string[]> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=streaks-source', '--import', 'tsx', join(__dirname, 'migrate-main.ts')],
    { cwd: repositoryRoot, env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: databaseUrl } },
  );
  return stdout.split('\n').filter((line) => line !== '');
}

/** Columns, constraints and indexes of a table, as Postgres itself prints them. */
async function shapeOf({ pool }: TestDatabase, table: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ part: string }>(
    `SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
            (SELECT c.collname FROM pg_collation c WHERE c.oid = a.attcollation), pg_get_expr(d.adbin, d.adrelid)) AS part
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass
     UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass
     UNION ALL SELECT unnest(reloptions) FROM pg_class WHERE oid = $1::regclass
     ORDER BY 1`,
    [table],
  );
  return rows.map(({ part }) => part);
}

describe('migrate', () => {
  it('may be run by several processes at once: each migration runs once and all end well', async () => {
    database = await createTestDatabase({ migrated: false });
    const printed = (await Promise.all(Array.from({ length: PROCESSES }, () => migrateProcess(database.url)))).flat();
    const migrated = printed.filter((line) => line.startsWith('migrated '));
    expect(migrated).toEqual([
      'migrated 1763700000001_engine-tables',
      'migrated 1763700000002_streak-tables',
      'migrated 1763700000003_history-partitions',
      'migrated 1763700000004_roles',
      'migrated 1763700000005_publication',
      'migrated 1763700000006_operators',
      'migrated 1763700000007_features',
    ]);
    expect(printed.filter((line) => line.startsWith('created partition '))).toHaveLength(4);
    expect(await migrateProcess(database.url)).toEqual([]);
  }, 120_000);

  it('fails with one line where waiting cannot help', async () => {
    database = await createTestDatabase({ migrated: false });
    const wrong = new URL(database.url);
    wrong.pathname = '/no_such_database';
    await expect(migrateProcess(wrong.toString())).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^migrate: .*no_such_database.*\n$/),
    });
  }, 60_000);

  it('ends in the tables of the engine as the engine defines them', async () => {
    const defined = readFileSync(join(repositoryRoot, 'packages/exactly-once/schema/engine-tables.sql'), 'utf8');
    const tables = [...defined.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, table]) => table ?? '');
    expect(tables.length).toBeGreaterThan(2);
    const ofEngine = await createTestDatabase({ migrated: false });
    database = await createTestDatabase();
    try {
      await ofEngine.pool.query(defined);
      for (const table of tables) {
        // An application may add to them.
        expect(await shapeOf(database, table)).toEqual(expect.arrayContaining([...(await shapeOf(ofEngine, table))]));
      }
    } finally {
      await ofEngine.drop();
    }
  }, 30_000);
});

describe('partitions of streak_history', () => {
  const INSERT = `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after,
      longest_before, longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset", recorded_at)
    VALUES (0, $1, 'u', 'focus', $1, 'FIRST_ACTIVITY', 0, 1, 0, 1, 0, 1, 1, gen_random_uuid(), 0, 0, $2) RETURNING event_id`;

  it('are made ahead once, whoever asks, and take over the rows that came before them', async () => {
    database = await createTestDatabase();
    const later = new Date();
    later.setUTCMonth(later.getUTCMonth() + 5, 15);
    const { rows } = await database.pool.query(INSERT, [1, later]);
    const names = (await Promise.all([1, 2, 3].map(() => createHistoryPartitions(database.pool, 5)))).flat();
    expect(names).toHaveLength(2); // three were there since the migration
    const stored = await database.pool.query(
      'SELECT tableoid::regclass::text AS partition, event_id FROM streak_history WHERE user_id = $1',
      ['u'],
    );
    expect(stored.rows).toEqual([{ partition: names.at(-1), event_id: rows[0]?.event_id }]);
  }, 60_000);
});

describe('roles', () => {
  it('let the reader only read, and the writer not create tables but partitions through their function', async () => {
    database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('SET ROLE streaks_reader');
      await client.query('SELECT * FROM user_streaks');
      await expect(client.query("INSERT INTO user_streaks VALUES ('u', 'focus')")).rejects.toMatchObject({
        code: '42501',
      });
      await expect(createHistoryPartitions(client, 0)).rejects.toMatchObject({ code: '42501' });
      await client.query('RESET ROLE');
      await client.query('SET ROLE streaks_writer');
      await client.query("INSERT INTO user_streaks VALUES ('u', 'focus')");
      await expect(client.query('CREATE TABLE mine ()')).rejects.toMatchObject({ code: '42501' });
      expect(await createHistoryPartitions(client, 4)).toHaveLength(1);
    } finally {
      await client.end();
    }
  }, 60_000);
});
