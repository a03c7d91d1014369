import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Runs a program in the repository and resolves with its exit code (128 + signal when a signal ended it). Signals sent to us are passed on and we
 * stay until it has ended: it may have servers to end in order. `onOutput` takes its output instead of showing it.
 */
export function run(command, args, { env = {}, onOutput } = {}) {
  return new Promise((resolveRun, reject) => {
    const output = onOutput === undefined ? 'inherit' : 'pipe';
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['inherit', output, output],
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', ...env },
    });
    if (onOutput !== undefined) {
      child.stdout.on('data', (chunk) => onOutput(chunk.toString()));
      child.stderr.on('data', (chunk) => onOutput(chunk.toString()));
    }
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const done = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.once('error', (error) => {
      done();
      reject(new Error(`${command} does not run: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      done();
      resolveRun(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Runs a built script of the repository. */
export function runNode(script, args, options) {
  if (!existsSync(join(ROOT, script))) throw new Error(`${script} is missing: the build did not make it.`);
  return run(process.execPath, [join(ROOT, script), ...args], options);
}

/** Runs a program of an installed package. */
export function runTool(name, args, options) {
  return run(join(ROOT, 'node_modules', '.bin', name), args, options);
}

/** Builds what is stale and is silent about the rest. `scope`: one workspace and what it needs, instead of all. */
export async function build(scope) {
  let output = '';
  const startedAt = performance.now();
  const notice = setTimeout(() => console.log('Building...'), 1_500);
  const exitCode = await runTool(
    'turbo',
    ['run', 'build', '--output-logs=errors-only', ...(scope === undefined ? [] : [`--filter=${scope}`])],
    {
      onOutput: (text) => {
        output += text;
      },
    },
  );
  clearTimeout(notice);
  if (exitCode >= 128) process.exit(exitCode);
  if (exitCode !== 0) {
    console.error(output.trim());
    throw new Error('The build failed; its messages are above.');
  }
  const seconds = (performance.now() - startedAt) / 1000;
  if (seconds > 1.5) console.log(`Built in ${seconds.toFixed(1)} s.`);
}
