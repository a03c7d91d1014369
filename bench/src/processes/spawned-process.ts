import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program of the bench that prints lines and ends when its input does. */
export interface SpawnedProcess {
  readonly pid: number;
  /** The next line it prints; rejects with the last of its errors when it ends instead, or after `timeoutMs`. */
  nextLine(timeoutMs: number): Promise<string>;
  writeLine(line: string): void;
  /** Undefined while it runs. */
  failure(): string | undefined;
  /** Ends its input and waits; kills it after `deadlineMs`. */
  stop(deadlineMs?: number): Promise<void>;
}

const KEPT_ERROR_CHARS = 4_000;

export function spawnProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): SpawnedProcess {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  const lines = linesOf(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-KEPT_ERROR_CHARS);
  });
  child.stdin.on('error', () => undefined);
  let failure: string | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (detail: string): void => {
      failure = `${command} ended (${detail}) ${errors.trim().split('\n').at(-1) ?? ''}`.trim();
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
  });

  return {
    pid: child.pid ?? -1,
    async nextLine(timeoutMs) {
      const timer = new AbortController();
      const late = once(AbortSignal.any([AbortSignal.timeout(timeoutMs), timer.signal]), 'abort').then(() => {
        throw new Error(`${command} printed nothing within ${timeoutMs} ms`);
      });
      late.catch(() => undefined);
      try {
        const ended = exited.then(() => Promise.reject(new Error(failure)));
        return await Promise.race([lines.next(), ended, late]);
      } finally {
        timer.abort();
      }
    },
    writeLine: (line) => void child.stdin.write(`${line}\n`),
    failure: () => failure,
    async stop(deadlineMs = 20_000) {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.stdin.end();
      await exited;
      clearTimeout(timer);
    },
  };
}

function linesOf(child: ChildProcess): { next(): Promise<string> } {
  const printed: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const waiter = waiting.shift();
      if (waiter === undefined) printed.push(line);
      else waiter(line);
    });
  }
  return {
    next: () => {
      const line = printed.shift();
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
    },
  };
}
