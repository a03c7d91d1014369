import { setTimeout as delay } from 'node:timers/promises';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { type CpuSeconds, watchCpuOfWork } from '../processes/cpu-seconds';
import { peakMemoryMiB } from '../processes/process-memory';
import { readBacklogMarks } from './backlog-marks';
import type { InputTopic } from './input-topic';

export interface BacklogResult {
  readonly records: number;
  /** From the start of the process, its start-up and the joining of the group included. */
  readonly secondsFromStart: number;
  readonly appliedPerSecond: number;
  readonly projectedPerSecond: number;
  /** Applied, projected and published. Undefined when nothing was ever published. */
  readonly publishedPerSecond?: number;
  /** Greatest resident memory of a processor (VmHWM). */
  readonly processorPeakMiB: number;
  /** From the look before the first that saw a record applied to the end: without start-up. */
  readonly cpu: CpuSeconds;
}

export interface DrainOptions {
  readonly serverPids: Readonly<Record<string, number>>;
  /** Changes that were there, and published, before. */
  readonly publishedBefore: number;
  readonly processors: number;
}

const LOOK_EVERY_MS = 50;
const TIMEOUT_MS = 600_000;
/** All is projected and not one change was published for so long: this processor does not publish. */
const NO_PUBLICATION_AFTER_MS = 15_000;

/**
 * Starts processors on a topic that is full and watches Postgres until all is applied, projected and published. Time counts from the
 * first look that saw a record applied, or from the first process being ready if that came first.
 */
export async function drainBacklog(
  pipeline: Pipeline,
  input: InputTopic,
  options: DrainOptions,
): Promise<BacklogResult> {
  const { topic, records } = input;
  const startedMs = performance.now();
  const start = () => pipeline.addProcessor({ untilReady: false, env: { SESSION_EVENTS_TOPIC: topic } });
  const processors = await Promise.all(Array.from({ length: options.processors }, start));
  const cpuWatch = watchCpuOfWork({ ...options.serverPids, ...pidsOf(processors) });
  const ready = Promise.race(processors.map(({ url }) => untilReady(url)));
  ready.catch(() => undefined);
  let firstMs: number | undefined;
  let appliedMs: number | undefined;
  let projectedMs: number | undefined;
  let publishedMs: number | undefined;
  for (;;) {
    const ended = processors.find((processor) => !processor.running());
    if (ended) throw new Error(`the processor ended: ${lastComplaint(ended.output())}`);
    cpuWatch.beforeLook();
    const marks = await readBacklogMarks(pipeline.pool, topic);
    const nowMs = performance.now();
    if (marks.applied > 0) {
      firstMs ??= nowMs - LOOK_EVERY_MS;
      cpuWatch.begun();
    }
    if (marks.applied >= records) appliedMs ??= nowMs;
    if (appliedMs !== undefined && marks.unprojected === 0) projectedMs ??= nowMs;
    if (projectedMs !== undefined && marks.unpublished === 0) publishedMs ??= nowMs;
    if (publishedMs !== undefined) break;
    const publishes = marks.published > options.publishedBefore;
    if (projectedMs !== undefined && !publishes && nowMs - projectedMs > NO_PUBLICATION_AFTER_MS) break;
    if (nowMs - startedMs > TIMEOUT_MS)
      throw new Error(`after ${TIMEOUT_MS} ms: ${JSON.stringify(marks)} of ${records}`);
    await delay(LOOK_EVERY_MS);
  }
  const cpu = cpuWatch.stop();
  const processorPeakMiB = Math.max(...processors.map(({ pid }) => peakMemoryMiB(pid)));
  if (projectedMs === undefined) throw new Error('ended before all was projected');
  const beganMs = Math.min(firstMs ?? startedMs, await ready);
  const rateUntil = (endMs: number): number => (records * 1_000) / (endMs - beganMs);
  return {
    records,
    secondsFromStart: ((publishedMs ?? projectedMs) - startedMs) / 1_000,
    appliedPerSecond: rateUntil(appliedMs ?? projectedMs),
    projectedPerSecond: rateUntil(projectedMs),
    ...(publishedMs === undefined ? {} : { publishedPerSecond: rateUntil(publishedMs) }),
    processorPeakMiB,
    cpu,
  };
}

const pidsOf = (processors: readonly { readonly pid: number }[]) =>
  Object.fromEntries(processors.map(({ pid }, n) => [n === 0 ? 'processor' : `processor ${n + 1}`, pid]));

/** The line that most likely names the cause. */
function lastComplaint(output: string): string {
  const lines = output.trim().split('\n');
  return lines.findLast((line) => /error|fatal|cannot/i.test(line)) ?? lines.at(-1) ?? '';
}

async function untilReady(url: string): Promise<number> {
  await waitFor(async () => (await fetch(`${url}/health/ready`)).ok, {
    description: 'the processor to be ready',
    timeoutMs: TIMEOUT_MS,
  });
  return performance.now();
}
