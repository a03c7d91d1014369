import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that can be recognised again: numbers are reused, a number together with its start time is not. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** Start time of a process as the system tells it (opaque text), or null when there is none of that number. */
export function readStartTime(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      return parseStartTime(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return null;
    }
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
    return started === '' ? null : started;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat; null for a zombie, which holds nothing any more. The command in brackets may itself hold spaces and brackets. */
export function parseStartTime(stat: string): string | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

export function identify(pid: number): ProcessIdentity | null {
  const startedAt = readStartTime(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isAlive(process: ProcessIdentity): boolean {
  return readStartTime(process.pid) === process.startedAt;
}
