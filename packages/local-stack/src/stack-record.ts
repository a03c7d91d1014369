import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from './processes/process-identity';
import { waitUntil } from './processes/wait-until';
import type { ProcessName } from './server-names';
import type { StackAddresses } from './stack-addresses';
import { formatStackEnv } from './stack-addresses';

/** Who runs a stack and as which processes; kept in `stack.json` while there is one. */
export type StackRecord = {
  readonly owner: ProcessIdentity;
  /** Absent until all servers are ready. */
  readonly addresses?: StackAddresses;
  readonly processes: Readonly<Partial<Record<ProcessName, ProcessIdentity>>>;
};

const ORDERLY_END_MS = 25_000;

export function readStackRecord(dir: string): StackRecord | null {
  try {
    return JSON.parse(readFileSync(join(dir, 'stack.json'), 'utf8')) as StackRecord;
  } catch {
    return null;
  }
}

/** Written under another name and renamed, so that no reader ever sees half of it. `stack.env` appears with the addresses. */
export function writeStackRecord(dir: string, record: StackRecord): void {
  writeWhole(join(dir, 'stack.json'), `${JSON.stringify(record, null, 2)}\n`);
  if (record.addresses !== undefined) writeWhole(join(dir, 'stack.env'), formatStackEnv(record.addresses));
}

export function removeStackRecord(dir: string): void {
  for (const file of ['stack.json', 'stack.env']) rmSync(join(dir, file), { force: true });
}

/** The record of a stack that runs now, ready or about to be; null when its owner is gone. */
export function findRunningStack(dir: string): StackRecord | null {
  const record = readStackRecord(dir);
  return record !== null && isAlive(record.owner) ? record : null;
}

/** Servers whose owner was killed are being ended by their watchdogs; waits for that, and ends by force what will not. */
export async function endLeftovers(dir: string): Promise<void> {
  const record = readStackRecord(dir);
  if (record === null || isAlive(record.owner)) return;
  const left = Object.values(record.processes);
  if (!(await waitUntil(() => !left.some(isAlive), ORDERLY_END_MS))) {
    for (const { pid } of left.filter(isAlive)) process.kill(pid, 'SIGKILL');
    await waitUntil(() => !left.some(isAlive), ORDERLY_END_MS);
  }
  removeStackRecord(dir);
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
