import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@streaks/testing/repository';
import { playScenarios } from '../fault-scenarios/play-scenarios';
import { startFaultCluster } from './cluster/fault-cluster';
import { failpointTable, figuresLine, publishedLines, stepsNotHit } from './figures';
import { runFaultSuite } from './run-fault-suite';

const USAGE =
  'npm run test:faults [-- --seed N --kills N --events N --minutes N], or -- --scenario NAME[,NAME]|all [--seed N --minutes N]';
const RESULTS = join(repositoryRoot, '.local', 'faults');
const PROCESSORS = 3;
const USERS = 2_000;

/**
 * Kills processors at named failpoints on a cluster of three brokers until `--kills` of them died, and checks that nothing was lost, duplicated or wrong. Exit code 1 at any
 * fault; the data then stays.
 */
async function main(): Promise<number> {
  const options = readOptions();
  const startedAt = new Date().toISOString().replaceAll(':', '').slice(0, 15);
  const dir = join(RESULTS, `run-${startedAt}-${options.seed}`);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  }
  if (options.scenario !== undefined) {
    return playScenarios({
      name: options.scenario,
      seed: options.seed,
      minutes: options.soakMinutes,
      env: process.env,
      print: (line) => console.log(line),
      signal: interrupted.signal,
    });
  }
  console.log(
    `seed=${options.seed}: ${options.kills} kills, ${options.events} events, at most ${options.minutes} minutes`,
  );
  mkdirSync(dir, { recursive: true });
  const cluster = await startFaultCluster({
    dir: join(dir, 'servers'),
    env: process.env,
    partitions: 12,
    sessionTimeoutMs: 2_000,
  });
  let isGood = false;
  try {
    const running = runFaultSuite(cluster, {
      seed: options.seed,
      kills: options.kills,
      events: options.events,
      maxMs: options.minutes * 60_000,
      processors: PROCESSORS,
      users: USERS,
      nowMs: () => performance.now(),
      print: (line) => console.log(line),
      signal: interrupted.signal,
      onUnexpectedEnd: (detail, output) => {
        console.error(`A processor ${detail}.`);
        writeFileSync(join(dir, `processor-${Math.round(performance.now())}.log`), `${detail}\n${output}`);
      },
    });
    const { figures, faults } = await Promise.race([running, rejection(interrupted.signal)]);
    const missing = [
      ...(figures.kills < options.kills ? [`${figures.kills} kills and not ${options.kills}`] : []),
      ...stepsNotHit(figures).map((step) => `no kill at ${step}`),
    ];
    writeFileSync(join(dir, 'result.json'), `${JSON.stringify({ ...figures, faults, missing }, null, 2)}\n`);
    const lines = [...failpointTable(figures), ...faults, ...missing, ...publishedLines(figures.published)];
    for (const line of [...lines, figuresLine(figures)]) console.log(line);
    isGood = faults.length === 0 && missing.length === 0;
  } finally {
    const isInterrupted = interrupted.signal.aborted;
    await cluster.stop({ keepData: !isGood && !isInterrupted });
    if (isInterrupted) rmSync(dir, { recursive: true, force: true });
    else console.log(isGood ? `Result: ${join(dir, 'result.json')}` : `Data, logs and result stay in ${dir}`);
  }
  return isGood ? 0 : 1;
}

/** What is under way when the run is interrupted waits for processes that are about to be ended: nobody waits for it. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      scenario: { type: 'string' },
      kills: { type: 'string', default: '340' },
      events: { type: 'string', default: '350000' },
      minutes: { type: 'string' },
    },
  });
  const number = (name: string, text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number: ${USAGE}`);
    return value;
  };
  return {
    seed: number('seed', values.seed ?? String(Date.now() % 1_000_000_000)),
    kills: number('kills', values.kills),
    events: number('events', values.events),
    minutes: number('minutes', values.minutes ?? '40'),
    scenario: values.scenario,
    soakMinutes: number('minutes', values.minutes ?? '5'),
  };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exit(1);
  },
);
