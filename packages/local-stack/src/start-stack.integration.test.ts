import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { tryListen } from './processes/free-ports';
import { waitUntil } from './processes/wait-until';
import { removeStackData } from './remove-stack-data';
import { readStackRecord } from './stack-record';
import { type Stack, startStack } from './start-stack';

const REPOSITORY_ROOT = resolve(__dirname, '../../..');
const FREE = { postgres: 0, redis: 0 };
/** Without the addresses of the test run, which would take the place of servers of our own. */
const env = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  STREAKS_CACHE_DIR: process.env['STREAKS_CACHE_DIR'],
};

jest.setTimeout(120_000);

let dir: string;
const stacks: Stack[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'streaks-stack-'));
});
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
  await removeStackData(dir);
});

async function start(options: Partial<Parameters<typeof startStack>[0]> = {}): Promise<Stack> {
  const stack = await startStack({ dir, env, ports: FREE, only: ['postgres', 'redis'], ...options });
  stacks.push(stack);
  return stack;
}

async function query(stack: Stack, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: stack.addresses.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function isPortFree(url: string): Promise<boolean> {
  const server = await tryListen(Number(new URL(url).port));
  if (server === null) return false;
  await new Promise((done) => server.close(done));
  return true;
}

test('what Postgres committed survives kill -9 and a restart of the whole stack', async () => {
  const stack = await start();
  await query(stack, 'CREATE TABLE kept AS SELECT 1 AS value');
  stack.kill('postgres', 'SIGKILL');
  await waitUntil(() => stack.pids().postgres === undefined, 10_000);
  await stack.restart('postgres');
  expect(await query(stack, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  await stack.stop();
  expect(existsSync(join(dir, 'stack.env'))).toBe(false);
  expect(await query(await start(), 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
});

test('a running stack is used by a second start, and only its owner ends it', async () => {
  const first = await start();
  const second = await startStack({ dir, env, only: ['postgres', 'redis'] });
  expect(second.isReused).toBe(true);
  expect(second.addresses).toEqual(first.addresses);
  await second.stop();
  expect(await query(first, 'SELECT 1 AS up')).toEqual([{ up: 1 }]);
  await expect(removeStackData(dir)).rejects.toThrow(/are running \(process \d+\): end them with Ctrl-C/);
});

test('a server whose address is given is not started', async () => {
  const stack = await start({ env: { ...env, DATABASE_URL: 'postgres://elsewhere/x' } });
  expect(Object.keys(stack.pids())).toEqual(['redis']);
  expect(stack.addresses.databaseUrl).toBe('postgres://elsewhere/x');
});

test('a port in use is named with its holder, and nothing is left running', async () => {
  const first = await start({ only: ['redis'] });
  const port = Number(new URL(first.addresses.redisUrl).port);
  const elsewhere = mkdtempSync(join(tmpdir(), 'streaks-stack-'));
  const attempt = startStack({ dir: elsewhere, env, only: ['redis'], ports: { redis: port } });
  await expect(attempt).rejects.toThrow(
    new RegExp(`^Port ${port}, needed for redis, is in use by process ${first.pids().redis} `),
  );
  expect(readStackRecord(elsewhere)).toBeNull();
});

test('servers end by themselves when their owner is killed, and the next start takes their place', async () => {
  const script = `require('./packages/local-stack/src/start-stack.ts')
    .startStack({ dir: ${JSON.stringify(dir)}, only: ['postgres', 'redis'], ports: { postgres: 0, redis: 0 } })
    .then(() => setInterval(() => undefined, 1000))`;
  const owner = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    cwd: REPOSITORY_ROOT,
    env,
    stdio: 'inherit',
  });
  const isUp = await waitUntil(() => existsSync(join(dir, 'stack.env')), 60_000);
  expect(isUp).toBe(true);
  const addresses = readStackRecord(dir)?.addresses;
  if (addresses === undefined) throw new Error(`no addresses in ${readFileSync(join(dir, 'stack.json'), 'utf8')}`);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const next = await start();
  expect(next.isReused).toBe(false);
  expect(await waitUntil(() => isPortFree(addresses.databaseUrl), 30_000)).toBe(true);
  expect(await waitUntil(() => isPortFree(addresses.redisUrl), 30_000)).toBe(true);
});
