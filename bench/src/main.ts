import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { errorLine } from '@streaks/local-stack/stack-error';
import { startStack } from '@streaks/local-stack/start-stack';
import { repositoryRoot } from '@streaks/testing/repository';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { expectedChecksum } from './data-set/expected-result';
import { generateDataSet, STANDARD_SHAPE } from './data-set/generate-data-set';
import { type BacklogResult, measureBacklog } from './end-to-end/measure-backlog';
import { type LatencyResult, measureLatency } from './end-to-end/measure-latency';
import { formatTable, ms, perSecond } from './end-to-end/print-results';
import { measurePlainLoop, type PlainLoopRate } from './plain-loop/measure-plain-loop';

const TARGET_MS = 1_800_000;
const SECTIONS = ['backlog', 'plain', 'latency'] as const;
type Section = (typeof SECTIONS)[number];

interface BenchResults {
  readonly startedAt: string;
  readonly node: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly events: number;
  /** In order of the runs. */
  backlog?: readonly BacklogResult[];
  plainLoop?: PlainLoopRate;
  /** Sessions applied and projected by the engine (median run) over those of the plain loop. */
  ratio?: number;
  latency?: LatencyResult;
}

/**
 * `npm run bench [-- backlog plain latency] [--events N] [--runs N]`: all three sections unless some are named. Servers are
 * those of the environment, else started for the run in a folder of their own.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: 'string', default: String(STANDARD_SHAPE.events) },
      runs: { type: 'string', default: '3' },
    },
  });
  const sections = positionals.length === 0 ? SECTIONS : positionals.map(toSection);
  const events = toCount(values.events);
  const dir = mkdtempSync(join(tmpdir(), 'streaks-bench-'));
  const stack = await startStack({ dir, ports: { kafka: 0, registry: 0, postgres: 0, redis: 0 }, env: process.env });
  try {
    // The pipelines of the sections find their servers where tests do: in the environment.
    Object.assign(process.env, addressesToEnvironment(stack.addresses));
    const results: BenchResults = {
      startedAt: new Date().toISOString(),
      node: process.versions.node,
      cpus: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      events,
    };
    await measure(results, sections, toCount(values.runs));
    const file = writeResults(results);
    console.log(`Written to ${file}`);
  } finally {
    await stack.stop();
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(results: BenchResults, sections: readonly Section[], runs: number): Promise<void> {
  const dataSet = generateDataSet({ ...STANDARD_SHAPE, events: results.events });
  if (sections.includes('backlog')) {
    const expected = expectedChecksum(dataSet.events, TARGET_MS);
    const backlog: BacklogResult[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const result = await measureBacklog(dataSet, expected);
      backlog.push(result);
      console.log(`backlog, run ${run}: ${perSecond(result.projectedPerSecond)} applied and projected`);
    }
    results.backlog = backlog;
    console.log(describeBacklog(medianRun(backlog)));
  }
  if (sections.includes('plain')) {
    const { DATABASE_URL: adminUrl } = stackAddresses();
    results.plainLoop = await measurePlainLoop(dataSet, {
      adminUrl,
      targetMs: TARGET_MS,
      // Among all settings the best has always been one of these.
      connections: [2, 3],
      recordsPerTransaction: [10_000],
      runs,
      print: console.log,
    });
    console.log(describePlainLoop(results.plainLoop));
  }
  if (results.backlog !== undefined && results.plainLoop !== undefined) {
    results.ratio = medianRun(results.backlog).projectedPerSecond / results.plainLoop.eventsPerSecond;
    console.log(`Ratio of the engine to the plain loop: ${results.ratio.toFixed(2)}`);
  }
  if (sections.includes('latency')) {
    results.latency = await measureLatency({ perSecond: 2_000, seconds: 20, followOneIn: 100 });
    console.log(describeLatency(results.latency));
  }
}

function describeBacklog(result: BacklogResult): string {
  return formatTable(`Backlog of ${result.records.toLocaleString('en-US')} sessions, one processor, median run`, [
    ['applied in Postgres', perSecond(result.appliedPerSecond)],
    ['applied and projected in Redis', perSecond(result.projectedPerSecond)],
    ['seconds, start of the process included', result.secondsFromStart.toFixed(1)],
    ['greatest memory of the processor', `${result.processorPeakMiB} MiB`],
  ]);
}

function describePlainLoop({ connections, recordsPerTransaction, eventsPerSecond }: PlainLoopRate): string {
  return formatTable('The same SQL from a plain loop without Kafka and Redis, median run of the best setting', [
    ['applied in Postgres', perSecond(eventsPerSecond)],
    ['connections', String(connections)],
    ['sessions a transaction', recordsPerTransaction.toLocaleString('en-US')],
  ]);
}

function describeLatency(result: LatencyResult): string {
  return formatTable(`From produce to readable over HTTP at ${perSecond(result.perSecond)} for ${result.seconds} s`, [
    ['p50', ms(result.p50Ms)],
    ['p95', ms(result.p95Ms)],
    ['p99', ms(result.p99Ms)],
    ['greatest', ms(result.maxMs)],
    ['sessions followed', `${result.followed}, ${result.unseen} of them not seen within the limit`],
    ['greatest delay of a send', ms(result.greatestSendDelayMs)],
  ]);
}

function medianRun(runs: readonly BacklogResult[]): BacklogResult {
  const sorted = runs.toSorted((a, b) => a.projectedPerSecond - b.projectedPerSecond);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (median === undefined) throw new Error('no run');
  return median;
}

function writeResults(results: BenchResults): string {
  const folder = join(repositoryRoot, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.startedAt.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

function toSection(name: string): Section {
  const section = SECTIONS.find((known) => known === name);
  if (section === undefined) throw new Error(`Unknown section "${name}". Known: ${SECTIONS.join(', ')}.`);
  return section;
}

function toCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`"${text}" is no count.`);
  return Number(text);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(errorLine(error));
    process.exit(1);
  },
);
