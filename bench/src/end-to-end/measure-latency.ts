import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '@streaks/shared/domain/session';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { type AvroProducer, openAvroProducer } from './produce-avro';

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
  /** How late the last send began after it was due: above 0 the bench itself was too slow. */
  readonly greatestSendDelayMs: number;
}

const TICK_MS = 10;
const POLL_EVERY_MS = 5;
const SEEN_TIMEOUT_MS = 10_000;
const WARM_UP_SECONDS = 3;
const HOUR_MS = 3_600_000;

/**
 * Sends at a steady rate and measures, for a share of the sessions, the time from the moment it was due to be sent until
 * `GET /users/{id}/streak` first shows it. Each followed session is the first of its user, so that it is seen as a day.
 */
export async function measureLatency(options: LatencyOptions): Promise<LatencyResult> {
  const pipeline = await startPipeline({ partitions: 12, queryApi: true, env: { LOG_LEVEL: 'warn' } });
  const producer = await openAvroProducer(pipeline);
  try {
    await run(pipeline, producer, { ...options, seconds: WARM_UP_SECONDS }, 'warm');
    return await run(pipeline, producer, options, 'timed');
  } finally {
    await producer.close();
    await pipeline.stop();
  }
}

async function run(
  pipeline: Pipeline,
  producer: AvroProducer,
  options: LatencyOptions,
  prefix: string,
): Promise<LatencyResult> {
  const perTick = Math.round((options.perSecond * TICK_MS) / 1_000);
  const ticks = Math.round((options.seconds * 1_000) / TICK_MS);
  const followed: Promise<number | undefined>[] = [];
  const sends: Promise<void>[] = [];
  let greatestSendDelayMs = 0;
  const startedMs = performance.now();
  for (let tick = 0; tick < ticks; tick += 1) {
    const dueMs = startedMs + tick * TICK_MS;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    greatestSendDelayMs = Math.max(greatestSendDelayMs, performance.now() - dueMs);
    const sessions = Array.from({ length: perTick }, (_, n) => createSession(prefix, tick * perTick + n, options));
    sends.push(producer.send(sessions));
    for (const session of sessions) {
      if (session.userId.startsWith('followed-')) followed.push(follow(pipeline, session.userId, dueMs));
    }
  }
  await Promise.all(sends);
  const latencies = await Promise.all(followed);
  const seen = latencies.filter((latency) => latency !== undefined).sort((a, b) => a - b);
  const quantile = (share: number): number =>
    seen[Math.min(seen.length - 1, Math.floor(seen.length * share))] ?? Number.NaN;
  return {
    ...options,
    followed: latencies.length,
    unseen: latencies.length - seen.length,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    greatestSendDelayMs,
  };
}

function createSession(prefix: string, index: number, { followOneIn }: LatencyOptions): Session {
  const isFollowed = index % followOneIn === 0;
  const userId = isFollowed ? `followed-${prefix}-${index}` : `user-${index % 20_000}`;
  const startMs = Date.UTC(2025, 0, 1 + (index % 60), 8, 0, index % 3_600);
  return { userId, sessionId: `${prefix}-${index}`, startMs, endMs: startMs + HOUR_MS, timezone: 'Europe/London' };
}

async function follow({ queryApi }: Pipeline, userId: string, dueMs: number): Promise<number | undefined> {
  const url = `${queryApi?.url}/users/${userId}/streak`;
  while (performance.now() - dueMs < SEEN_TIMEOUT_MS) {
    const askedMs = performance.now();
    const response = await fetch(url);
    const { qualifiedDaysCount } = (await response.json()) as { qualifiedDaysCount?: number };
    if (qualifiedDaysCount === 1) return performance.now() - dueMs;
    await delay(Math.max(0, POLL_EVERY_MS - (performance.now() - askedMs)));
  }
  return undefined;
}
