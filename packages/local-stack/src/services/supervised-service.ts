import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { waitUntil } from '../processes/wait-until';
import { startWatchdog } from '../processes/watchdog';
import { StackError } from '../stack-error';
import { restartDelayMs } from './restart-delay';
import type { ServiceDefinition } from './service-list';

export type SupervisedService = {
  readonly definition: ServiceDefinition;
  start(): void;
  /** Resolves once it says that it can do its work; rejects with one line when it keeps ending or does not get there. */
  waitUntilReady(): Promise<void>;
  /** Asks it to end, waits, and starts it no more; after 20 s it is killed. */
  stop(): Promise<void>;
  kill(): void;
};

export type ServiceEvents = {
  readonly onLine: (service: string, line: string) => void;
  /** Something the reader should know: it ended, it is started again. */
  readonly onNotice: (text: string) => void;
};

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const MOST_EARLY_ENDS = 3;

/** Runs a service and starts it again, ever more patiently, when it ends by itself. It has a session of its own, so Ctrl-C reaches it through us. */
export function createSupervisedService(
  definition: ServiceDefinition,
  env: NodeJS.ProcessEnv,
  events: ServiceEvents,
): SupervisedService {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  let ends = 0;
  let delayMs = 0;
  let lastLine = '';

  function launch(): void {
    if (isEnding) return;
    const launchedAt = performance.now();
    const started = spawn(process.execPath, [...definition.command], {
      detached: true,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const watchdog = started.pid === undefined ? null : startWatchdog(definition.name, started.pid, 'SIGTERM');
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLine = line;
        events.onLine(definition.name, line);
      });
    }
    const ended = (reason: string): void => {
      watchdog?.dismiss();
      child = null;
      if (isEnding) return;
      ends += 1;
      delayMs = restartDelayMs(performance.now() - launchedAt, delayMs);
      events.onNotice(`${definition.name} ended (${reason}); starting it again in ${delayMs / 1000} s`);
      timer = setTimeout(launch, delayMs);
    };
    started.once('error', (error) => ended(error.message));
    started.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  }

  return {
    definition,
    start: launch,
    async waitUntilReady() {
      const isReady = await waitUntil(
        async () => ends >= MOST_EARLY_ENDS || isEnding || (await isAnswering(definition.port)),
        READY_TIMEOUT_MS,
        100,
      );
      if (isEnding || (isReady && ends < MOST_EARLY_ENDS)) return;
      throw new StackError(
        `${definition.name} did not become ready${ends > 0 ? ` and ended ${ends} times` : ''}; its last line: ${lastLine}`,
      );
    },
    async stop() {
      isEnding = true;
      clearTimeout(timer);
      child?.kill('SIGTERM');
      if (!(await waitUntil(() => child === null, STOP_TIMEOUT_MS))) child?.kill('SIGKILL');
    },
    kill() {
      isEnding = true;
      clearTimeout(timer);
      child?.kill('SIGKILL');
    },
  };
}

async function isAnswering(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
