import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createLines } from '@streaks/local-stack/cli/download-bars';
import { onInterrupt } from '@streaks/local-stack/cli/interrupts';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { errorLine, StackError } from '@streaks/local-stack/stack-error';
import { startStack } from '@streaks/local-stack/start-stack';
import { type BenchOptions, parseBenchOptions, USAGE } from './bench-options';
import { type BenchResults, writeResults } from './bench-results';
import { descendantsOf } from './processes/process-tree';
import { PROFILING_POSTGRES_SETTINGS } from './profile/profile-run';
import { runSections } from './run-sections';
import { ratiosOf, summarise } from './summarise-results';

const TARGET_MS = 1_800_000;

/** Servers are those of the environment, else started for the run in a folder of their own. */
async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(USAGE);
  const options = parseBenchOptions(args);
  const results = describeRun(options);
  const dir = mkdtempSync(join(tmpdir(), 'streaks-bench-'));
  const display = createLines(console.log);
  const stack = await startStack({
    dir,
    ports: { kafka: 0, registry: 0, postgres: 0, redis: 0 },
    env: process.env,
    onProgress: display.show,
    ...(options.sections.includes('profile') ? { postgresSettings: PROFILING_POSTGRES_SETTINGS } : {}),
  });
  try {
    // The pipelines of the sections find their servers where tests do: in the environment.
    Object.assign(process.env, addressesToEnvironment(stack.addresses));
    const { runs, serviceEnv } = options;
    const context = { runs, serviceEnv, targetMs: TARGET_MS, serverPids: { ...stack.pids() }, dir, print: console.log };
    try {
      await Promise.race([runSections(results, options, context), interrupted()]);
    } finally {
      // What was measured before a section failed is kept.
      results.ratios = ratiosOf(results);
      console.log(`\n${summarise(results)}\n`);
      console.log(`Written to ${writeResults(results)}`);
    }
  } finally {
    await stack.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Rejects at the first signal that asks to end; what runs then is ended by the caller's clean-up. */
async function interrupted(): Promise<never> {
  const signal = await onInterrupt(() => process.exit(130));
  // A section cut short loses its connections with the servers: no longer a fault, and it must not hold up the clean-up.
  process.on('uncaughtException', () => undefined);
  // The services under test first: without their servers they would only wait and log.
  for (const pid of descendantsOf(process.pid)) {
    if (isService(pid)) process.kill(pid, 'SIGKILL');
  }
  throw new StackError(`Ended by ${signal}.`);
}

function isService(pid: number): boolean {
  try {
    return /services\/[\w-]+\/dist\/main\.js|streaks\.peer\./.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  } catch {
    return false;
  }
}

function describeRun({ events, runs, prefill, serviceEnv }: BenchOptions): BenchResults {
  return {
    startedAt: new Date().toISOString(),
    node: process.versions.node,
    cpus: cpus().length,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg()[0] ?? Number.NaN,
    events,
    runs,
    ...(prefill === undefined ? {} : { prefilledSessions: prefill }),
    settings: serviceEnv,
  };
}

/** One line: what went wrong and, of a service that ended, the last that it said. */
function describeFailure(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error)
    .trimEnd()
    .split('\n');
  const last = lines.length > 1 ? `: ${lines.at(-1)}` : '';
  return `${errorLine(error)}${last}`;
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(describeFailure(error));
    process.exit(1);
  },
);
