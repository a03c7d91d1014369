import { readFileSync } from 'node:fs';

/** The kernel's own high-water mark of resident memory in MiB; 0 where there is no /proc, or no such process any more. */
export function peakMemoryMiB(pid: number): number {
  return readMiB(pid, 'VmHWM');
}

/** Resident memory in MiB right now. */
export function residentMiB(pid: number): number {
  return readMiB(pid, 'VmRSS');
}

function readMiB(pid: number, field: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, kiB] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return Math.round(Number(kiB ?? 0) / 1_024);
  } catch {
    return 0;
  }
}
