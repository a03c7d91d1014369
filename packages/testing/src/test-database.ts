import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Pool } from 'pg';
import { repositoryRoot } from './repository';
import { stackAddresses } from './stack-addresses';
import { waitFor } from './wait-for';

const run = promisify(execFile);
const TEMPLATE_LOCK_KEY = 7_318_120_451;
const LEAK_TIMEOUT_MS = 5_000;

export interface TestDatabase {
  readonly url: string;
  /** As the owner of the database. Ended by `drop`. */
  readonly pool: Pool;
  /** Drops the database; rejects, naming them, when connections other than `pool` are still open. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** URL of any database of the server, for a role that may create databases. Default: `DATABASE_URL`. */
  readonly adminUrl?: string;
  /** False: an empty database without the migrations. */
  readonly migrated?: boolean;
}

/**
 * A database of its own: a clone of a template that the migrations made. The template's name carries a digest of the
 * migrations, so it is made once a run (and once over many runs), under an advisory lock as Jest workers race for it.
 */
export async function createTestDatabase({
  adminUrl = stackAddresses().DATABASE_URL,
  migrated = true,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, async (admin) => {
    const template = migrated ? await ensureTemplate(admin, adminUrl) : 'template0';
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const url = withDatabase(adminUrl, name);
  const pool = new Pool({ connectionString: url, max: 4, application_name: 'test' });
  // A test may kill the server or the connection: the failed query tells, an idle client's error must not end the run.
  pool.on('error', () => undefined);
  return { url, pool, drop: () => dropDatabase(adminUrl, name, pool) };
}

async function dropDatabase(adminUrl: string, name: string, pool: Pool): Promise<void> {
  await pool.end();
  await withAdmin(adminUrl, async (admin) => {
    const left = () =>
      admin
        .query<{ who: string }>(
          `SELECT coalesce(nullif(application_name, ''), '?') AS who FROM pg_stat_activity
            WHERE datname = $1 AND backend_type = 'client backend'`,
          [name],
        )
        .then(({ rows }) => rows.map(({ who }) => who));
    let leaked: string[] = [];
    try {
      await waitFor(async () => (await left()).length === 0, {
        description: 'connections to close',
        timeoutMs: LEAK_TIMEOUT_MS,
      });
    } catch {
      leaked = await left();
    }
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    if (leaked.length > 0) throw new Error(`connections left open to a test database: ${leaked.join(', ')}`);
  });
}

async function ensureTemplate(admin: Client, adminUrl: string): Promise<string> {
  const name = `streaks_template_${migrationsDigest()}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK_KEY]);
  try {
    const { rows } = await admin.query<{ datistemplate: boolean }>(
      'SELECT datistemplate FROM pg_database WHERE datname = $1',
      [name],
    );
    // The flag is set last: without it a former run died half way.
    if (rows[0]?.datistemplate === true) return name;
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    await migrate(withDatabase(adminUrl, name));
    await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
    return name;
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK_KEY]);
  }
}

/** Runs the migrations of the processor on a database, from source. */
export async function migrate(databaseUrl: string): Promise<void> {
  await run(
    process.execPath,
    ['--conditions=streaks-source', '--import', 'tsx', 'services/streak-processor/src/migrate-main.ts'],
    // NODE_OPTIONS of Jest workers must not reach the child.
    { cwd: repositoryRoot, env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: databaseUrl }, timeout: 120_000 },
  );
}

function migrationsDigest(): string {
  const hash = createHash('sha256');
  for (const folder of ['services/streak-processor/migrations', 'packages/exactly-once/schema']) {
    const path = join(repositoryRoot, folder);
    if (!existsSync(path)) continue;
    for (const file of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.\w+$/.test(file)) hash.update(file).update(readFileSync(join(path, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function withAdmin<T>(adminUrl: string, use: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: withDatabase(adminUrl, 'postgres'), application_name: 'test-admin' });
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}
