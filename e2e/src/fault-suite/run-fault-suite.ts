import type { SpawnedService } from '@streaks/testing/spawn-service';
import { createRandom } from '../load/random';
import { collectRun } from './check/collect/collect-run';
import type { CollectedRun } from './check/collected-run';
import { type Expectation, expectationOf } from './check/expectation';
import { countFaults, describeFaults, type Fault } from './check/fault';
import { proveChecker } from './check/plants/prove-checker';
import { publishedFaults } from './check/published/published-faults';
import { readSentLog } from './check/read-sent-log';
import { storedFaults } from './check/stored/stored-faults';
import type { FaultCluster } from './cluster/fault-cluster';
import { untilAtRest, untilRanked } from './cluster/until-at-rest';
import { publishedFigures, type SuiteFigures } from './figures';
import { createFeed, type Feed } from './input/feed';
import { generateChunks } from './input/generate-chunks';
import type { ChunkOptions } from './input/input-event';
import { type ChunkSender, createChunkSender } from './input/send-chunks';
import { createFailpointDeck } from './kills/failpoint-deck';
import { runKillCrew } from './kills/kill-crew';
import { createKillLog, type KillLog } from './kills/kill-log';
import { watchRecovery } from './kills/recovery';

export interface FaultSuiteOptions {
  /** The whole run follows from it, but for the moments at which the machine does things. */
  readonly seed: number;
  readonly kills: number;
  /** Records sent for good; more when the kills take longer. */
  readonly events: number;
  /** No kill is begun after this long. */
  readonly maxMs: number;
  readonly processors: number;
  readonly users: number;
  readonly nowMs: () => number;
  readonly print: (line: string) => void;
  /** Ends the run early; what is under way rejects. */
  readonly signal: AbortSignal;
  /** Told of the last lines of each process that ended although nobody killed it. */
  readonly onUnexpectedEnd?: (detail: string, output: string) => void;
}

export interface SuiteResult {
  readonly figures: SuiteFigures;
  /** What is wrong, with examples; empty when all is exact. */
  readonly faults: readonly string[];
}

/** Records of the first part, without kills, in copies of which faults are planted: enough for some of every kind, and three to a user. */
const LEAST_PROOF_EVENTS = 3_000;
const PROOF_EVENTS_PER_USER = 3;
const CHUNK_EVENTS = 50;
const REST_TIMEOUT_MS = 300_000;
const PATIENCE_MS = 30_000;
/** Sent all the time, so that every step goes on being met; and no more than a busy product sends. */
const PACE = { least: 200, most: 5_000, firstGuessMsPerKill: 1_500 };

/**
 * Input goes in while processors are killed at failpoints and replaced; at rest everything is held against the reference. Before that the checker must find
 * faults planted in copies of a first part that ran without kills.
 */
export async function runFaultSuite(cluster: FaultCluster, options: FaultSuiteOptions): Promise<SuiteResult> {
  const { seed, users, nowMs, print } = options;
  const { pipeline, inputTopics } = cluster;
  const startedMs = nowMs();
  const input: ChunkOptions = { seed, users, partitions: pipeline.partitions, chunkEvents: CHUNK_EVENTS };
  const sender = await createChunkSender({
    brokers: pipeline.brokers,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
    topics: inputTopics,
    name: `fault-input-${pipeline.topic}`,
  });
  const feed = createFeed(generateChunks(input), sender);
  const log = createKillLog();
  const unexpectedEnds: string[] = [];
  const expect = async (): Promise<Expectation> =>
    expectationOf({ options: input, chunks: feed.chunks(), log: await readSentLog(pipeline.brokers, inputTopics) });
  const check = (run: CollectedRun, expected: Expectation): Fault[] => [
    ...storedFaults(run, expected),
    ...publishedFaults(run, expected),
  ];
  try {
    await runWithoutKills(cluster, async () => {
      const proofEvents = Math.min(options.events, Math.max(LEAST_PROOF_EVENTS, PROOF_EVENTS_PER_USER * users));
      await feed.sendUntil(proofEvents / 2);
      // Corrections come first in a batch: only what was applied before can leave anything behind.
      await untilAtRest(pipeline, REST_TIMEOUT_MS);
      await feed.sendUntil(proofEvents);
    });
    const expectedFirst = await expect();
    const firstRun = await collectRun({ ...pipeline, topics: pipeline.outputTopics });
    const found = proveChecker(firstRun, expectedFirst, (run) => check(run, expectedFirst));
    print(`The checker finds what was planted in copies of ${feed.events()} events: ${found.join(', ')}.`);

    const killStartedMs = nowMs();
    const recovery = watchRecovery(pipeline.pool, pipeline.topic, nowMs);
    try {
      await killUnderLoad(cluster, options, { feed, log, recovery, unexpectedEnds });
    } finally {
      await recovery.stop();
    }
    const killMs = nowMs() - killStartedMs;
    await runWithoutKills(cluster, () => feed.sendUntil(options.events));
    const expected = await expect();
    const run = await collectRun({ ...pipeline, topics: pipeline.outputTopics });
    const faults = check(run, expected);
    return {
      figures: {
        seed,
        events: expected.events,
        resentChunks: sender.resends(),
        ...log.figures(),
        ...countFaults(faults),
        published: publishedFigures(run),
        unexpectedEnds: unexpectedEnds.length,
        recoveriesMs: recovery.recoveriesMs(),
        killSeconds: killMs / 1_000,
        totalSeconds: (nowMs() - startedMs) / 1_000,
      },
      faults: [...describeFaults(faults), ...unexpectedEnds.map((detail) => `a processor ${detail}`)],
    };
  } finally {
    await closeQuietly(sender);
  }
}

const closeQuietly = (sender: ChunkSender): Promise<void> => sender.close().catch(() => undefined);

/** Lets fresh processors do `work` and all that was left, then ends them in order. */
async function runWithoutKills(cluster: FaultCluster, work: () => Promise<void>): Promise<void> {
  const services = await Promise.all([cluster.spawn(''), cluster.spawn('')]);
  const all = async (): Promise<void> => {
    await work();
    await untilAtRest(cluster.pipeline, REST_TIMEOUT_MS);
    await untilRanked(cluster.pipeline, REST_TIMEOUT_MS);
  };
  await Promise.race([all(), ...services.map(failWhenEnded)]);
  await Promise.all(services.map((service) => service.stop()));
}

async function failWhenEnded(service: SpawnedService): Promise<never> {
  const { code, signal } = await service.exited;
  throw new Error(`a processor ended with code ${code}, signal ${signal}, without a kill\n${service.output()}`);
}

interface KillParts {
  readonly feed: Feed;
  readonly log: KillLog;
  readonly recovery: ReturnType<typeof watchRecovery>;
  readonly unexpectedEnds: string[];
}

async function killUnderLoad(cluster: FaultCluster, options: FaultSuiteOptions, parts: KillParts): Promise<void> {
  const { feed, log, recovery, unexpectedEnds } = parts;
  const startedMs = options.nowMs();
  const kills = (): number => log.figures().kills;
  const isOver = (): boolean =>
    options.signal.aborted ||
    kills() >= options.kills ||
    options.nowMs() - startedMs >= options.maxMs ||
    unexpectedEnds.length > MAX_UNEXPECTED_ENDS;
  const perSecond = (): number => {
    const msPerKill = kills() < 10 ? PACE.firstGuessMsPerKill : (options.nowMs() - startedMs) / kills();
    const leftSeconds = (Math.max(1, options.kills - kills()) * msPerKill) / 1_000;
    return Math.min(PACE.most, Math.max(PACE.least, (options.events - feed.events()) / leftSeconds));
  };
  let printed = 0;
  const crew = runKillCrew({
    size: options.processors,
    spawn: cluster.spawn,
    deck: createFailpointDeck(createRandom(options.seed ^ 0x5eed)),
    log,
    isOver,
    patienceMs: PATIENCE_MS,
    onKilled: ({ pid }) => {
      recovery.killed(pid);
      if (kills() < printed + 25) return;
      printed = kills();
      const seconds = Math.round((options.nowMs() - startedMs) / 1_000);
      options.print(`${seconds} s: ${kills()} kills, ${feed.events()} events sent`);
    },
    onUnexpectedEnd: (service, detail) => {
      unexpectedEnds.push(detail);
      options.onUnexpectedEnd?.(detail, service.output());
    },
  });
  const feeding = feed.run({ perSecond, isOver });
  const [crewEnd, feedEnd] = await Promise.allSettled([crew, feeding]);
  if (crewEnd.status === 'rejected') throw crewEnd.reason;
  if (feedEnd.status === 'rejected') throw feedEnd.reason;
  options.signal.throwIfAborted();
}

const MAX_UNEXPECTED_ENDS = 10;
