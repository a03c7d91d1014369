import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '@streaks/shared/domain/session';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { produceAvro } from './produce-avro';

export interface BacklogResult {
  readonly records: number;
  /** From the start of the process, its start-up and the joining of the group included. */
  readonly secondsFromStart: number;
  /** From the first look that saw a record applied (or the process ready, if that came first) to the end. */
  readonly appliedSeconds: number;
  readonly projectedSeconds: number;
  readonly appliedPerSecond: number;
  readonly projectedPerSecond: number;
  /** Greatest resident memory of the processor. */
  readonly processorPeakMiB: number;
  readonly sessionsStored: number;
  readonly daysStored: number;
  readonly changesStored: number;
}

const PARTITIONS = 12;
const LOOK_EVERY_MS = 50;
const TIMEOUT_MS = 180_000;

/** Publishes everything first, then starts one processor and watches Postgres until all is applied and projected. */
export async function measureBacklog(sessions: readonly Session[]): Promise<BacklogResult> {
  const pipeline = await startPipeline({ processors: 0, partitions: PARTITIONS, env: { LOG_LEVEL: 'warn' } });
  try {
    await produceAvro(pipeline, sessions);
    return await drain(pipeline, sessions.length);
  } finally {
    await pipeline.stop();
  }
}

async function drain(pipeline: Pipeline, records: number): Promise<BacklogResult> {
  const startedMs = performance.now();
  const processor = await pipeline.addProcessor({ untilReady: false });
  const ready = fetchReady(processor.url);
  let firstMs: number | undefined;
  let appliedMs: number | undefined;
  let projectedMs: number | undefined;
  let peakMiB = 0;
  while (projectedMs === undefined) {
    if (!processor.running()) throw new Error(`the processor ended\n${processor.output()}`);
    const { applied, unprojected } = await look(pipeline);
    const nowMs = performance.now();
    peakMiB = Math.max(peakMiB, peakMemoryMiB(processor.pid));
    if (applied > 0) firstMs ??= nowMs - LOOK_EVERY_MS;
    if (applied >= records) appliedMs ??= nowMs;
    if (appliedMs !== undefined && unprojected === 0) projectedMs = nowMs;
    if (nowMs - startedMs > TIMEOUT_MS) throw new Error(`${applied} of ${records} applied after ${TIMEOUT_MS} ms`);
    await delay(LOOK_EVERY_MS);
  }
  const beganMs = Math.min(firstMs ?? startedMs, await ready);
  const appliedSeconds = ((appliedMs ?? projectedMs) - beganMs) / 1_000;
  const projectedSeconds = (projectedMs - beganMs) / 1_000;
  return {
    records,
    secondsFromStart: (projectedMs - startedMs) / 1_000,
    appliedSeconds,
    projectedSeconds,
    appliedPerSecond: records / appliedSeconds,
    projectedPerSecond: records / projectedSeconds,
    processorPeakMiB: peakMiB,
    ...(await countRows(pipeline)),
  };
}

async function fetchReady(url: string): Promise<number> {
  await waitFor(async () => (await fetch(`${url}/health/ready`)).ok, {
    description: 'the processor to be ready',
    timeoutMs: TIMEOUT_MS,
  });
  return performance.now();
}

async function look({ pool, topic }: Pipeline): Promise<{ applied: number; unprojected: number }> {
  const { rows } = await pool.query<{ applied: string; unprojected: string }>(
    `SELECT (SELECT coalesce(sum(next_offset), 0) FROM partition_progress WHERE topic = $1) AS applied,
            (SELECT coalesce(sum(out_seq - projected_seq), 0) FROM outbox_shard) AS unprojected`,
    [topic],
  );
  return { applied: Number(rows[0]?.applied), unprojected: Number(rows[0]?.unprojected) };
}

async function countRows({
  pool,
}: Pipeline): Promise<Pick<BacklogResult, 'sessionsStored' | 'daysStored' | 'changesStored'>> {
  const { rows } = await pool.query<{ sessions: number; days: number; changes: number }>(
    `SELECT (SELECT count(*)::int FROM focus_sessions) AS sessions, (SELECT count(*)::int FROM daily_totals) AS days,
            (SELECT count(*)::int FROM streak_history) AS changes`,
  );
  return {
    sessionsStored: rows[0]?.sessions ?? 0,
    daysStored: rows[0]?.days ?? 0,
    changesStored: rows[0]?.changes ?? 0,
  };
}

/** The kernel's own high-water mark of resident memory; 0 where there is no /proc. */
function peakMemoryMiB(pid: number): number {
  try {
    const [, kiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kiB ?? 0) / 1_024);
  } catch {
    return 0;
  }
}
