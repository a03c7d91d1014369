import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Stack } from '@streaks/local-stack/start-stack';

type StartStack = typeof import('@streaks/local-stack/start-stack');
type StackAddresses = typeof import('@streaks/local-stack/stack-addresses');
type StackRecord = typeof import('@streaks/local-stack/stack-record');
type RemoveStackData = typeof import('@streaks/local-stack/remove-stack-data');

declare global {
  /** The servers of this test run; set up and torn down in the main process of Jest. */
  var streaksTestStack: { readonly stack: Stack; readonly dir: string } | undefined;
}

const REPOSITORY_ROOT = resolve(__dirname, '../../..');
const RUNS = join(REPOSITORY_ROOT, '.local', 'test');

/** Faster, and no less safe than a broken process requires: only a crash of the whole machine could tell the difference. fsync stays on. */
const POSTGRES_SETTINGS = {
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '30min',
  max_connections: '300',
};

/**
 * One stack of real servers for the whole run, shared by the projects that name this file. Addresses in the environment come first, server by
 * server; then the running stack that STREAKS_TEST_STACK_DIR names; else new servers on free ports in a folder of this run alone, so that two
 * runs at once never meet. The addresses reach the workers through process.env.
 */
async function startTestStack(): Promise<void> {
  if (globalThis.streaksTestStack !== undefined) return;
  // Jest's module map does not reach this file, so its sources are named by path; a built copy might be stale.
  const { startStack }: StartStack = require('../../local-stack/src/start-stack');
  const { addressesToEnvironment }: StackAddresses = require('../../local-stack/src/stack-addresses');
  const dir = chooseDir();
  await removeDeadRuns();
  const startedAt = performance.now();
  const stack = await startStack({
    dir,
    ports: { kafka: 0, registry: 0, postgres: 0, redis: 0 },
    postgresSettings: POSTGRES_SETTINGS,
  });
  globalThis.streaksTestStack = { stack, dir };
  Object.assign(process.env, addressesToEnvironment(stack.addresses));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`Test servers ${stack.isReused ? 'reused' : `ready after ${seconds} s`} (${dir})\n`);
}

function chooseDir(): string {
  const reused = process.env['STREAKS_TEST_STACK_DIR'] ?? '';
  if (reused === '') return join(RUNS, `run-${process.pid}-${randomUUID().slice(0, 8)}`);
  const { findRunningStack }: StackRecord = require('../../local-stack/src/stack-record');
  if (findRunningStack(resolve(reused)) !== null) return resolve(reused);
  throw new Error(
    `No stack runs in STREAKS_TEST_STACK_DIR=${reused}: start one there with STREAKS_LOCAL_DIR=${reused} npm run stack`,
  );
}

/** Data and logs of runs whose process is gone; the number of the process is in the folder's name. */
async function removeDeadRuns(): Promise<void> {
  const { removeStackData }: RemoveStackData = require('../../local-stack/src/remove-stack-data');
  const names = existsSync(RUNS) ? readdirSync(RUNS) : [];
  for (const name of names.filter((entry) => !isRunning(Number(entry.split('-')[1])))) {
    await removeStackData(join(RUNS, name));
    rmSync(join(RUNS, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export = startTestStack;
