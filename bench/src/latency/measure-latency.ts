import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '@streaks/shared/domain/events/session';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { type AvroProducer, openAvroProducer } from '../backlog/produce-avro';
import type { BenchContext } from '../bench-context';
import { percentile } from '../figures/percentile';
import { type CpuSeconds, watchCpu } from '../processes/cpu-seconds';
import { peakMemoryMiB } from '../processes/process-memory';
import { type OfferedLoad, offerLoad } from './offered-load';

export interface LatencyOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** One session in so many is followed until it can be read. */
  readonly followOneIn: number;
}

export interface LatencyResult extends LatencyOptions {
  readonly followed: number;
  /** Followed sessions that were not to be seen within the time limit. */
  readonly unseen: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Sends, of all, that began more than one tick after they were due: above 0 the bench itself was too slow. */
  readonly lateSends: number;
  readonly sends: number;
  readonly greatestSendDelayMs: number;
  readonly processorPeakMiB: number;
  readonly cpu: CpuSeconds;
}

const POLL_EVERY_MS = 5;
const SEEN_TIMEOUT_MS = 10_000;
/** Until the compilers of Kafka and of V8 are done: they take a core for ten seconds and more. */
const WARM_UP_SECONDS = 20;
const HOUR_MS = 3_600_000;
const PARTITIONS = 12;

/**
 * Sends at a steady rate and measures, for a share of the sessions, the time from the moment it was due to be sent until
 * `GET /users/{id}/streak` first shows it. Each followed session is the first of its user, so that it is seen as a day.
 */
export async function measureLatency(options: LatencyOptions, context: BenchContext): Promise<LatencyResult> {
  const env = { LOG_LEVEL: 'warn', ...context.serviceEnv };
  const pipeline = await startPipeline({ partitions: PARTITIONS, queryApi: true, env });
  const producer = await openAvroProducer({
    brokers: pipeline.brokers,
    topic: pipeline.topic,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  try {
    await run({ pipeline, producer, agent }, { ...options, seconds: WARM_UP_SECONDS }, 'warm');
    const processorPid = pipeline.processors[0]?.pid ?? -1;
    const queryApiPid = pipeline.queryApi?.pid ?? -1;
    const watched = { ...context.serverPids, processor: processorPid, 'query-api': queryApiPid, bench: process.pid };
    const cpuWatch = watchCpu(watched);
    const { load, latencies } = await run({ pipeline, producer, agent }, options, 'timed');
    const seen = latencies.filter((latency) => latency !== undefined);
    return {
      ...options,
      ...load,
      followed: latencies.length,
      unseen: latencies.length - seen.length,
      p50Ms: percentile(seen, 0.5),
      p95Ms: percentile(seen, 0.95),
      p99Ms: percentile(seen, 0.99),
      maxMs: percentile(seen, 1),
      processorPeakMiB: peakMemoryMiB(processorPid),
      cpu: cpuWatch.stop(),
    };
  } finally {
    agent.destroy();
    await producer.close();
    await pipeline.stop();
  }
}

interface Parts {
  readonly pipeline: Pipeline;
  readonly producer: AvroProducer;
  readonly agent: Agent;
}

async function run(
  { pipeline, producer, agent }: Parts,
  options: LatencyOptions,
  prefix: string,
): Promise<{ load: OfferedLoad; latencies: readonly (number | undefined)[] }> {
  const followed: Promise<number | undefined>[] = [];
  const load = await offerLoad({
    ...options,
    createItem: (index) => createSession(prefix, index, options),
    async send(sessions, dueMs) {
      for (const { userId } of sessions) {
        if (userId.startsWith('followed-')) followed.push(follow(pipeline, agent, userId, dueMs));
      }
      await producer.send(sessions);
    },
  });
  return { load, latencies: await Promise.all(followed) };
}

function createSession(prefix: string, index: number, { followOneIn }: LatencyOptions): Session {
  const isFollowed = index % followOneIn === 0;
  const userId = isFollowed ? `followed-${prefix}-${index}` : `user-${index % 20_000}`;
  const startMs = Date.UTC(2025, 0, 1 + (index % 60), 8, 0, index % 3_600);
  return { userId, sessionId: `${prefix}-${index}`, startMs, endMs: startMs + HOUR_MS, timezone: 'Europe/London' };
}

/** Milliseconds from `dueMs` to the end of the first answer that shows a day. */
async function follow(
  { queryApi }: Pipeline,
  agent: Agent,
  userId: string,
  dueMs: number,
): Promise<number | undefined> {
  const url = `${queryApi?.url}/users/${userId}/streak`;
  while (performance.now() - dueMs < SEEN_TIMEOUT_MS) {
    const askedMs = performance.now();
    if ((await getText(url, agent)).includes('"qualifiedDaysCount":1')) return performance.now() - dueMs;
    await delay(Math.max(0, POLL_EVERY_MS - (performance.now() - askedMs)));
  }
  return undefined;
}

/** Past fetch, whose cost a poller at this rate would take from what it measures. */
function getText(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
