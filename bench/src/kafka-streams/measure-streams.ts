import { isDeepStrictEqual } from 'node:util';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import type { InputTopic } from '../backlog/input-topic';
import type { BenchContext } from '../bench-context';
import type { ResultChecksum } from '../data-set/expected-result';
import { medianBy } from '../figures/median';
import { perSecond } from '../printing/print-results';
import { type CpuSeconds, describeCpu, watchCpuOfWork } from '../processes/cpu-seconds';
import { peakMemoryMiB } from '../processes/process-memory';
import type { StreamsPeer } from './build-streams-peer';
import { startStreams, untilRunning, watchProgress } from './run-streams';

export interface StreamsResult {
  readonly eventsPerSecond: number;
  readonly peakMiB: number;
  /** From the look before the first that saw something done to the end: without start-up. */
  readonly cpu: CpuSeconds;
}

const TIMEOUT_MS = 300_000;

/**
 * Kafka Streams alone: state in RocksDB and its changelog, changed streaks in the output topic. Time counts as ours does: from the first
 * look that saw something committed, or from the process being ready if that came first, to all offsets committed.
 */
export async function measureStreams(
  peer: StreamsPeer,
  input: InputTopic,
  expected: ResultChecksum,
  context: BenchContext,
): Promise<StreamsResult> {
  const results: StreamsResult[] = [];
  for (let run = 1; run <= context.runs; run += 1) {
    const result = await runOnce(peer, input, expected, context);
    results.push(result);
    const { eventsPerSecond, cpu } = result;
    context.print(`Kafka Streams alone, run ${run}: ${perSecond(eventsPerSecond)}; CPU: ${describeCpu(cpu)}`);
  }
  return medianBy(results, ({ eventsPerSecond }) => eventsPerSecond);
}

async function runOnce(
  peer: StreamsPeer,
  input: InputTopic,
  expected: ResultChecksum,
  { dir, targetMs, serverPids }: BenchContext,
): Promise<StreamsResult> {
  const brokers = kafkaBrokers(stackAddresses());
  const streams = await startStreams(peer, input, { brokers, dir, targetMs, output: 'changes' });
  try {
    const { process } = streams;
    const cpuWatch = watchCpuOfWork({ ...serverPids, streams: process.pid });
    const running = untilRunning(process);
    running.catch(() => undefined);
    const { firstMs, doneMs } = await watchProgress(streams.committed, input.records, {
      processes: [process],
      cpuWatch,
      timeoutMs: TIMEOUT_MS,
    });
    const cpu = cpuWatch.stop();
    const peakMiB = peakMemoryMiB(process.pid);
    const seconds = (doneMs - Math.min(firstMs, await running)) / 1_000;
    assertSame(await streams.checksum(), expected);
    return { eventsPerSecond: input.records / seconds, peakMiB, cpu };
  } finally {
    await streams.stop();
  }
}

export function assertSame(found: ResultChecksum, expected: ResultChecksum): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`wrong result: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}
