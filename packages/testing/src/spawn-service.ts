import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { serviceCommand } from '@streaks/local-stack/services/service-command';
import { repositoryRoot } from './repository';
import { waitFor } from './wait-for';

export type ServiceName = 'ingest' | 'streak-processor' | 'query-api';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnedService {
  readonly name: ServiceName;
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** The last lines that it wrote, both streams. */
  output(): string;
  running(): boolean;
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /** SIGTERM, then SIGKILL after `deadlineMs`. */
  stop(deadlineMs?: number): Promise<Exit>;
}

export interface SpawnServiceOptions {
  readonly name: ServiceName;
  readonly env: Readonly<Record<string, string>>;
  /** False: return at once, without waiting for `/health/ready`. */
  readonly untilReady?: boolean;
  readonly readyTimeoutMs?: number;
}

const OUTPUT_LIMIT_CHARS = 200_000;

/** Starts the built service as a process of its own on a free port and waits until it says that it is ready. */
export async function spawnService(options: SpawnServiceOptions): Promise<SpawnedService> {
  const { name, env, untilReady = true, readyTimeoutMs = 30_000 } = options;
  const port = await freePort();
  const child = spawn(process.execPath, [...serviceCommand(repositoryRoot, name)], {
    cwd: repositoryRoot,
    // NODE_OPTIONS of Jest workers must not reach the service; the rest of the environment is what a shell would give.
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', LOG_LEVEL: 'info', ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const service = describeService(name, port, child);
  if (untilReady) {
    try {
      await untilServiceIsReady(service, readyTimeoutMs);
    } catch (error) {
      await service.kill('SIGKILL');
      throw error;
    }
  }
  return service;
}

/** Waits for 200 from `/health/ready`; fails at once, with the output, when the process ends before. */
export async function untilServiceIsReady(service: SpawnedService, timeoutMs: number): Promise<void> {
  const ready = waitFor(
    async () => {
      if (!service.running()) return true;
      return (await fetch(`${service.url}/health/ready`)).ok;
    },
    { description: `${service.name} to be ready`, timeoutMs, intervalMs: 50 },
  );
  try {
    await ready;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${service.output()}`);
  }
  if (!service.running()) throw new Error(`${service.name} ended before it was ready\n${service.output()}`);
}

function describeService(name: ServiceName, port: number, child: ChildProcess): SpawnedService {
  const read = keepTail(child);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const kill = (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  return {
    name,
    port,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? -1,
    output: read,
    running: () => !ended && child.exitCode === null && child.signalCode === null,
    exited,
    kill,
    stop: async (deadlineMs = 20_000) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      try {
        return await kill('SIGTERM');
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function keepTail(child: ChildProcess): () => string {
  let tail = '';
  const append = (chunk: Buffer): void => {
    tail = (tail + chunk.toString('utf8')).slice(-OUTPUT_LIMIT_CHARS);
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  return () => tail;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port was given'));
        else resolve(address.port);
      });
    });
  });
}
