import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import type { ProcessName } from '../server-names';
import { StackError } from '../stack-error';
import { waitUntil } from './wait-until';
import { startWatchdog } from './watchdog';

/** How to run one server. */
export type ServerSpec = {
  readonly name: ProcessName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Another user to run as; only root may ask for it. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Standard output and error go here; the log of the run before is kept beside it. */
  readonly logPath: string;
  /** The signal that asks for an orderly end. */
  readonly stopSignal: NodeJS.Signals;
  /** True once the server answers requests. Must not throw. */
  readonly isReady: () => Promise<boolean>;
};

export type ServerEvents = {
  /** A process was started; it may not be ready yet. */
  readonly onSpawn: (name: ProcessName, pid: number) => void;
  /** It ended although nobody had asked it to. */
  readonly onExit: (name: ProcessName, detail: string) => void;
};

export type ServerProcess = {
  readonly name: ProcessName;
  readonly logPath: string;
  /** Null while it does not run. */
  pid(): number | null;
  /** Starts it and waits until it is ready. */
  start(): Promise<void>;
  /** Asks it to end and waits; after 20 s it is killed. */
  stop(): Promise<void>;
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void;
};

const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * A server in a session of its own, so that Ctrl-C in the terminal reaches only us and we end the servers in order. A watchdog ends it
 * should we die without doing so.
 */
export function createServerProcess(spec: ServerSpec, events: ServerEvents): ServerProcess {
  let running: { child: ChildProcess; exited: Promise<void> } | null = null;
  let isEnding = false;

  function launch(): { child: ChildProcess; exited: Promise<void> } {
    keepPreviousLog(spec.logPath);
    const log = openSync(spec.logPath, 'a');
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: spec.env,
      cwd: '/',
      ...(spec.user ?? {}),
    });
    closeSync(log);
    if (child.pid !== undefined) events.onSpawn(spec.name, child.pid);
    const watchdog = child.pid === undefined ? null : startWatchdog(spec.name, child.pid, spec.stopSignal);
    const exited = new Promise<void>((resolve) => {
      const ended = (detail: string): void => {
        running = null;
        watchdog?.dismiss();
        resolve();
        if (!isEnding) events.onExit(spec.name, detail);
      };
      child.once('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
      child.once('error', (error) => ended(error.message));
    });
    return { child, exited };
  }

  return {
    name: spec.name,
    logPath: spec.logPath,
    pid: () => running?.child.pid ?? null,
    async start() {
      isEnding = false;
      running = launch();
      const isUp = await waitUntil(async () => running === null || (await spec.isReady()), READY_TIMEOUT_MS);
      if (running !== null && isUp) return;
      const state = running === null ? 'ended while starting' : `was not ready after ${READY_TIMEOUT_MS / 1000} s`;
      throw new StackError(`${spec.name} ${state}: ${lastComplaint(spec.logPath)} (log: ${spec.logPath})`);
    },
    async stop() {
      const current = running;
      if (current === null) return;
      isEnding = true;
      // A stopped (SIGSTOP) process would never see the request to end.
      current.child.kill('SIGCONT');
      current.child.kill(spec.stopSignal);
      if (await waitUntil(() => running !== current, STOP_TIMEOUT_MS)) return;
      current.child.kill('SIGKILL');
      await current.exited;
    },
    kill(signal) {
      if (signal === 'SIGKILL' || signal === spec.stopSignal) isEnding = true;
      running?.child.kill(signal);
    },
  };
}

function keepPreviousLog(logPath: string): void {
  if (existsSync(logPath)) renameSync(logPath, `${logPath}.previous`);
}

/** The log line that most likely names the cause. */
function lastComplaint(logPath: string): string {
  const lines = existsSync(logPath) ? readFileSync(logPath, 'utf8').trim().split('\n') : [];
  const complaints = lines.filter((line) => /\b(ERROR|FATAL|Exception|error:)/.test(line));
  return (complaints.at(-1) ?? lines.at(-1) ?? '').trim().slice(0, 300) || 'it said nothing';
}
