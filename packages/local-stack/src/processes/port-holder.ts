import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { StackError } from '../stack-error';
import { tryListen } from './free-ports';

export type PortHolder = { readonly pid: number; readonly command: string };

/**
 * Throws one line that names the port and its holder when something listens on it. `purpose` is what we need it for ("Postgres"),
 * `remedy` what the reader can do besides ending the holder.
 */
export async function assertPortFree(port: number, purpose: string, remedy: string): Promise<void> {
  const server = await tryListen(port);
  if (server !== null) {
    await new Promise((resolve) => server.close(resolve));
    return;
  }
  throw new StackError(
    `Port ${port}, needed for ${purpose}, is in use by ${describeHolder(findPortHolder(port))}. End it or ${remedy}.`,
  );
}

function describeHolder(holder: PortHolder | null): string {
  return holder === null ? 'a process of another user' : `process ${holder.pid} (${holder.command})`;
}

/** The process that listens on a TCP port of this machine, or null when it cannot be told (it may belong to another user). */
export function findPortHolder(port: number): PortHolder | null {
  return process.platform === 'linux' ? findByProc(port) : findByLsof(port);
}

/** Socket inodes in state LISTEN on the port, out of the text of /proc/net/tcp or tcp6. */
export function parseListeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(`:${hexPort}`) === true)
    .flatMap((fields) => fields[9] ?? []);
}

/** The process number out of `lsof -Fpc` output and its command. */
export function parseLsof(output: string): PortHolder | null {
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  return pid === undefined ? null : { pid: Number(pid), command: /^c(.+)$/m.exec(output)?.[1] ?? 'unknown' };
}

/** A command line as /proc gives it, arguments separated by zero bytes, cut to a readable length. */
export function formatCommandLine(raw: string): string {
  const command = raw.replaceAll('\0', ' ').trim();
  return command.length > 100 ? `${command.slice(0, 97)}...` : command;
}

function findByProc(port: number): PortHolder | null {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readOr(path, ''));
  const sockets = new Set(
    tables.flatMap((table) => parseListeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (openFiles(pid).some((target) => sockets.has(target))) {
      return { pid: Number(pid), command: formatCommandLine(readOr(`/proc/${pid}/cmdline`, 'unknown')) };
    }
  }
  return null;
}

/** What the descriptors of a process point to. Processes end while we look, and those of other users are closed to us. */
function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function findByLsof(port: number): PortHolder | null {
  try {
    const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
    return parseLsof(execFileSync('lsof', args, { encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    return null;
  }
}
