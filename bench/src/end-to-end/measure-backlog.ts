import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { type ResultChecksum, STORED_CHECKSUM_SQL, storedChecksum } from '../data-set/expected-result';
import type { DataSet } from '../data-set/generate-data-set';
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
}

const LOOK_EVERY_MS = 50;
const TIMEOUT_MS = 180_000;

/**
 * Publishes everything first, then starts one processor and watches Postgres until all is applied and projected.
 * @throws when the result differs from the expected one, worked out apart
 */
export async function measureBacklog(dataSet: DataSet, expected: ResultChecksum): Promise<BacklogResult> {
  const { events, partitionCount } = dataSet;
  const pipeline = await startPipeline({ processors: 0, partitions: partitionCount, env: { LOG_LEVEL: 'warn' } });
  try {
    await produceAvro(pipeline, events);
    await pipeline.pool.query('CHECKPOINT');
    const result = await drain(pipeline, events.length);
    const { rows } = await pipeline.pool.query<Record<string, unknown>>(STORED_CHECKSUM_SQL);
    const row = rows[0] ?? {};
    if (row['broken_chains'] !== 0 || !isDeepStrictEqual(storedChecksum(row), expected)) {
      throw new Error(`wrong result: ${JSON.stringify(row)}, expected ${JSON.stringify(expected)}`);
    }
    return result;
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

/** The kernel's own high-water mark of resident memory; 0 where there is no /proc. */
function peakMemoryMiB(pid: number): number {
  try {
    const [, kiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kiB ?? 0) / 1_024);
  } catch {
    return 0;
  }
}
