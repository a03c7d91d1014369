import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTopic, uniqueName } from '@streaks/testing/fresh-topic';
import { Kafka, logLevel } from 'kafkajs';
import type { InputTopic } from '../backlog/input-topic';
import type { ResultChecksum } from '../data-set/expected-result';
import type { CpuWatchOfWork } from '../processes/cpu-seconds';
import { type SpawnedProcess, spawnProcess } from '../processes/spawned-process';
import type { StreamsPeer } from './build-streams-peer';

export interface StreamsRun {
  readonly outputTopic: string;
  readonly process: SpawnedProcess;
  /** Records whose offsets are committed: with exactly_once_v2, those whose results are. */
  committed(): Promise<number>;
  /** What the stores hold. */
  checksum(): Promise<ResultChecksum>;
  stop(): Promise<void>;
}

export interface StartStreamsOptions {
  readonly brokers: readonly string[];
  readonly dir: string;
  readonly targetMs: number;
  /** What the output topic gets: changed streaks only, or also the totals of each session's days, as a sink needs them. */
  readonly output: 'changes' | 'totals';
}

const START_TIMEOUT_MS = 60_000;
const CHECKSUM_TIMEOUT_MS = 120_000;
const THREADS = 2;
const HEAP = '1g';

/** The peer as a process of its own, from the first record of the topic on. Returns as soon as it was started. */
export async function startStreams(
  peer: StreamsPeer,
  input: InputTopic,
  { brokers, dir, targetMs, output }: StartStreamsOptions,
): Promise<StreamsRun> {
  const applicationId = uniqueName('bench-streams');
  const outputTopic = `${applicationId}-output`;
  const stateDir = join(dir, applicationId);
  await createTopic(brokers, outputTopic, input.partitions, { 'message.timestamp.type': 'CreateTime' });
  const streams = spawnProcess(peer.java, [
    `-Xmx${HEAP}`,
    '-cp',
    peer.classPath,
    'streaks.peer.StreamsMain',
    brokers.join(),
    applicationId,
    input.topic,
    outputTopic,
    stateDir,
    String(THREADS),
    String(targetMs),
    output,
  ]);
  const admin = new Kafka({ clientId: 'bench-admin', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    outputTopic,
    process: streams,
    async committed() {
      const [offsets] = await admin.fetchOffsets({ groupId: applicationId, topics: [input.topic] });
      return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
    },
    async checksum() {
      streams.writeLine('checksum');
      return JSON.parse(await streams.nextLine(CHECKSUM_TIMEOUT_MS)) as ResultChecksum;
    },
    async stop() {
      await streams.stop();
      rmSync(stateDir, { recursive: true, force: true });
      try {
        const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(applicationId));
        await admin.deleteTopics({ topics });
      } finally {
        await admin.disconnect();
      }
    },
  };
}

/** The moment it said that it runs. */
export async function untilRunning(process: SpawnedProcess): Promise<number> {
  const line = await process.nextLine(START_TIMEOUT_MS);
  if (line !== 'RUNNING') throw new Error(`expected RUNNING: ${line}`);
  return performance.now();
}

export interface Progress {
  /** When the first look saw something done, less the time between two looks. */
  readonly firstMs: number;
  readonly doneMs: number;
}

const LOOK_EVERY_MS = 50;

export interface WatchProgressOptions {
  readonly processes: readonly SpawnedProcess[];
  readonly cpuWatch: CpuWatchOfWork;
  readonly timeoutMs: number;
}

/** Looks until `count` is reached. @throws when a process ended or the time is up */
export async function watchProgress(
  look: () => Promise<number>,
  count: number,
  { processes, cpuWatch, timeoutMs }: WatchProgressOptions,
): Promise<Progress> {
  const startedMs = performance.now();
  let firstMs: number | undefined;
  for (;;) {
    cpuWatch.beforeLook();
    const done = await look();
    const nowMs = performance.now();
    if (done > 0) {
      firstMs ??= nowMs - LOOK_EVERY_MS;
      cpuWatch.begun();
    }
    if (done >= count) return { firstMs: firstMs ?? nowMs, doneMs: nowMs };
    for (const process of processes) {
      const failure = process.failure();
      if (failure !== undefined) throw new Error(failure);
    }
    if (nowMs - startedMs > timeoutMs) throw new Error(`${done} of ${count} done after ${timeoutMs} ms`);
    await delay(LOOK_EVERY_MS);
  }
}
