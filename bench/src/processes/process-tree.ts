import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel has counted for a process so far. */
export interface ProcessTimes {
  readonly parentPid: number;
  /** User and system time of all its threads, ended ones included. */
  readonly ownTicks: number;
  /** The same of children that ended and were waited for, with theirs. */
  readonly endedChildrenTicks: number;
}

/** The fields after the name, which may hold spaces and brackets: man 5 proc, `/proc/pid/stat`. */
export function parseProcessStat(text: string): ProcessTimes | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parentPid, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
  if (parentPid === undefined || user === undefined || system === undefined) return undefined;
  if (childUser === undefined || childSystem === undefined || Number.isNaN(childSystem)) return undefined;
  return { parentPid, ownTicks: user + system, endedChildrenTicks: childUser + childSystem };
}

/** Undefined when the process has ended, or where there is no /proc. */
export function readProcessTimes(pid: number): ProcessTimes | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Those that the process started and that still run, and what those started. */
export function descendantsOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const other of listProcesses()) {
    const parentPid = readProcessTimes(other)?.parentPid;
    if (parentPid !== undefined) children.set(parentPid, [...(children.get(parentPid) ?? []), other]);
  }
  const found: number[] = [];
  collect(pid);
  return found;

  function collect(parent: number): void {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      collect(child);
    }
  }
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
