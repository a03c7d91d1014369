import { spawn } from 'node:child_process';

export type Watchdog = {
  /** Ends the watchdog; its server is left alone. */
  dismiss(): void;
};

/** Waits for the pipe from us to close, which also happens when we are killed with SIGKILL; then asks the server to end, and after 30 s kills it. */
const SCRIPT = `read -r _
kill -CONT "$1" 2>/dev/null
kill -"$2" "$1" 2>/dev/null || exit 0
left=30
while [ "$left" -gt 0 ] && kill -0 "$1" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -KILL "$1" 2>/dev/null`;

/** A small shell process that outlives us by as long as it takes to end one server. Without it a killed test run would leave Kafka and Postgres behind for ever. */
export function startWatchdog(name: string, pid: number, stopSignal: NodeJS.Signals): Watchdog {
  const child = spawn(
    '/bin/sh',
    ['-c', `: streaks watchdog of ${name}\n${SCRIPT}`, 'sh', String(pid), stopSignal.replace('SIG', '')],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
    },
  );
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    dismiss() {
      child.kill('SIGKILL');
    },
  };
}
