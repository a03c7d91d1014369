import type { Session } from '@streaks/shared/domain/events/session';
import { withAdmin } from '@streaks/testing/fresh-topic';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { readBacklogMarks } from '../backlog/backlog-marks';
import { openAvroProducer } from '../backlog/produce-avro';
import type { BenchContext } from '../bench-context';
import { type Drift, driftOf } from '../figures/flatness';
import { offerLoad } from '../latency/offered-load';
import { formatTable, percent, perSecond } from '../printing/print-results';
import { type CpuSeconds, describeCpu, watchCpu } from '../processes/cpu-seconds';
import { peakMemoryMiB, residentMiB } from '../processes/process-memory';

export interface SteadyOptions {
  readonly perSecond: number;
  readonly minutes: number;
}

export interface SteadySample {
  readonly second: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  /** Records in the topic that are not applied yet. */
  readonly lag: number;
  readonly unprojected: number;
}

export interface SteadyResult extends SteadyOptions {
  readonly samples: readonly SteadySample[];
  readonly resident: Drift;
  readonly heap: Drift;
  readonly greatestLag: number;
  /** Lag and changes not yet projected once the load has ended: 0 when all went through. */
  readonly lagAtEnd: number;
  readonly processorPeakMiB: number;
  readonly lateSends: number;
  readonly cpu: CpuSeconds;
}

const SAMPLES = 60;
const LEAST_SAMPLE_EVERY_MS = 500;
const PARTITIONS = 12;
const USERS = 100_000;
const HALF_HOUR_MS = 1_800_000;
const DRAIN_TIMEOUT_MS = 60_000;

/** A steady load on one processor; its memory, its heap and the lag, sampled evenly over the time. */
export async function measureSteady(options: SteadyOptions, context: BenchContext): Promise<SteadyResult> {
  const seconds = options.minutes * 60;
  const pipeline = await startPipeline({ partitions: PARTITIONS, env: { LOG_LEVEL: 'warn', ...context.serviceEnv } });
  const producer = await openAvroProducer({
    brokers: pipeline.brokers,
    topic: pipeline.topic,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
  });
  try {
    const pid = pipeline.processors[0]?.pid ?? -1;
    const cpuWatch = watchCpu({ ...context.serverPids, processor: pid, bench: process.pid });
    const samples: SteadySample[] = [];
    const everyMs = Math.max(LEAST_SAMPLE_EVERY_MS, (seconds * 1_000) / SAMPLES);
    let sampling: Promise<void> = Promise.resolve();
    let nextMs = everyMs;
    const load = await offerLoad({
      ...options,
      seconds,
      createItem: createSession,
      send: (sessions) => producer.send(sessions),
      onTick(elapsedMs) {
        if (elapsedMs < nextMs) return;
        nextMs += everyMs;
        sampling = sampling.then(async () => {
          samples.push(await takeSample(pipeline, pid, Math.round(elapsedMs / 1_000)));
        });
      },
    });
    await sampling;
    const lagAtEnd = await drained(pipeline);
    const result: SteadyResult = {
      ...options,
      samples,
      resident: driftOf(samples.map((sample) => sample.residentMiB)),
      heap: driftOf(samples.map((sample) => sample.heapMiB)),
      greatestLag: Math.max(...samples.map(({ lag }) => lag)),
      lagAtEnd,
      processorPeakMiB: peakMemoryMiB(pid),
      lateSends: load.lateSends,
      cpu: cpuWatch.stop(),
    };
    context.print(describeSteady(result));
    return result;
  } finally {
    await producer.close();
    await pipeline.stop();
  }
}

/** Each user has a session every so often, on a new day after some: as in the life of an installation. */
function createSession(index: number): Session {
  const round = Math.floor(index / USERS);
  const endMs = Date.UTC(2025, 0, 1, 12) + round * HALF_HOUR_MS;
  const userId = `steady-${String((index * 7_919) % USERS).padStart(6, '0')}`;
  return { userId, sessionId: `${round}`, startMs: endMs - HALF_HOUR_MS, endMs, timezone: 'Europe/London' };
}

async function takeSample(pipeline: Pipeline, pid: number, second: number): Promise<SteadySample> {
  const [lag, heapMiB] = await Promise.all([readLag(pipeline), readHeapMiB(pipeline)]);
  return { second, residentMiB: residentMiB(pid), heapMiB, ...lag };
}

async function readLag({ brokers, topic, pool }: Pipeline): Promise<{ lag: number; unprojected: number }> {
  // Progress first: what is applied in between does not count as lag below 0.
  const { applied, unprojected } = await readBacklogMarks(pool, topic);
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  const end = ends.reduce((sum, { high }) => sum + Number(high), 0);
  return { lag: Math.max(0, end - applied), unprojected };
}

async function readHeapMiB({ processors }: Pipeline): Promise<number> {
  const text = await (await fetch(`${processors[0]?.url}/metrics`)).text();
  const [, bytes] = /^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)$/m.exec(text) ?? [];
  return Math.round(Number(bytes ?? Number.NaN) / 2 ** 20);
}

async function drained(pipeline: Pipeline): Promise<number> {
  const untilMs = performance.now() + DRAIN_TIMEOUT_MS;
  for (;;) {
    const { lag, unprojected } = await readLag(pipeline);
    if (lag + unprojected === 0 || performance.now() > untilMs) return lag + unprojected;
  }
}

function describeSteady(result: SteadyResult): string {
  const verdict = ({ share, isFlat }: Drift): string =>
    `${percent(share)} more at the end, ${isFlat ? 'flat' : 'not flat'}`;
  return formatTable(`Steady load: ${perSecond(result.perSecond)} for ${result.minutes} minutes`, [
    ['resident memory of the processor', verdict(result.resident)],
    ['its heap', verdict(result.heap)],
    ['its greatest memory', `${result.processorPeakMiB} MiB`],
    ['greatest lag of a sample', `${result.greatestLag} records`],
    ['lag after the load', `${result.lagAtEnd} records`],
    ['late sends', String(result.lateSends)],
    ['CPU', describeCpu(result.cpu)],
  ]);
}
