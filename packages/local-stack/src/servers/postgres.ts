import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { chown, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { isReachableByOthers, reachableFolder } from '../artifacts/cache-folder';
import type { ServerSpec } from '../processes/server-process';
import { StackError } from '../stack-error';
import { installPostgres } from './postgres-binaries';
import type { ServerContext } from './server-context';

const run = promisify(execFile);

/** Name of the database and of its superuser. */
export const DATABASE_NAME = 'streaks';

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  // An acknowledged commit is the promise the whole system rests on.
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'streaks-postgres',
};

/**
 * Prepares Postgres. It listens on the loopback only and trusts who connects there, as Kafka and Redis beside it do: a stack for development.
 * `settings` are added to ours and win.
 */
export async function preparePostgres(
  context: ServerContext,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ServerSpec> {
  const user = await chooseUser();
  const programs = await installPostgres(context.cacheFolder, user !== undefined);
  const data = await placeData(context.dir, user);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(programs.initdb, data, user);
  const lines = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).map(
    ([name, value]) => `${name} = '${value}'`,
  );
  await writeFile(join(data, 'streaks.conf'), `${lines.join('\n')}\n`, { mode: 0o644 });
  return {
    name: 'postgres',
    command: programs.postgres,
    args: ['-D', data],
    env: { ...context.env, LC_ALL: 'C' },
    user,
    logPath: join(context.dir, 'logs', 'postgres.log'),
    // Fast shutdown: ends the sessions, then writes a checkpoint.
    stopSignal: 'SIGINT',
    isReady: () => isPostgresReady(port),
  };
}

type User = { readonly uid: number; readonly gid: number };

/** Postgres refuses to run as root, so root has it run as `postgres` or `nobody`; everyone else runs it as themselves. */
async function chooseUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account !== undefined) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new StackError(
    'Postgres cannot run as root and there is neither a user postgres nor nobody: run as another user, or give DATABASE_URL.',
  );
}

/** Folder of the data: `dir/postgres`, which is a link where that user could not reach it. */
async function placeData(dir: string, user: User | undefined): Promise<string> {
  const place = join(dir, 'postgres');
  if (user === undefined || isReachableByOthers(dir)) return place;
  const name = `streaks-${createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12)}`;
  if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) return readlink(place);
  const data = reachableFolder('/var/lib', name);
  await symlink(data, place);
  return data;
}

/** Creates the data folder under another name and renames it: one that was cut off half-way is never taken for whole. */
async function initialise(initdb: string, data: string, user: User | undefined): Promise<void> {
  const partial = `${data}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(partial), { recursive: true });
  await mkdir(partial, { mode: 0o700 });
  if (user !== undefined) await chown(partial, user.uid, user.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await run(initdb, ['-D', partial, '-U', DATABASE_NAME, '--auth=trust', ...locale], { cwd: '/', ...(user ?? {}) });
  const configuration = join(partial, 'postgresql.conf');
  await writeFile(configuration, `${await readFile(configuration, 'utf8')}\ninclude 'streaks.conf'\n`);
  await rename(partial, data);
}

async function isPostgresReady(port: number): Promise<boolean> {
  return (await tryQuery(port, DATABASE_NAME, 'SELECT 1')) || (await createDatabase(port));
}

/** The first start finds a cluster without our database. */
async function createDatabase(port: number): Promise<boolean> {
  return (
    (await tryQuery(port, 'postgres', `CREATE DATABASE ${DATABASE_NAME}`)) &&
    (await tryQuery(port, DATABASE_NAME, 'SELECT 1'))
  );
}

async function tryQuery(port: number, database: string, sql: string): Promise<boolean> {
  const client = new Client({ host: '127.0.0.1', port, user: DATABASE_NAME, database, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
