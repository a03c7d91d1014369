import { stackAddresses } from '@streaks/testing/stack-addresses';
import { type InputTopic, produceDataSet } from './backlog/input-topic';
import { measureBacklog } from './backlog/measure-backlog';
import type { BenchContext } from './bench-context';
import type { BenchOptions } from './bench-options';
import type { BenchResults } from './bench-results';
import { measureBoards } from './boards/measure-boards';
import { expectedChecksum, type ResultChecksum } from './data-set/expected-result';
import { type DataSet, generateDataSet, STANDARD_SHAPE } from './data-set/generate-data-set';
import { growthSeries } from './growth/growth-cases';
import { measureGrowth } from './growth/measure-growth';
import { measureSteady } from './growth/measure-steady';
import { measureHttp } from './http/measure-http';
import { buildStreamsPeer } from './kafka-streams/build-streams-peer';
import { measureStreams } from './kafka-streams/measure-streams';
import { measureStreamsSink } from './kafka-streams/measure-streams-sink';
import { measureLatency } from './latency/measure-latency';
import { measureNaive } from './naive/measure-naive';
import { measurePlainLoop } from './plain-loop/measure-plain-loop';
import { heldBefore, prefillOf } from './prefill/prefill-users';
import { ms, perSecond } from './printing/print-results';
import { describeCpu } from './processes/cpu-seconds';
import { profileBacklog } from './profile/profile-backlog';
import { measureUpdates } from './sync-update/measure-updates';

/** Runs the sections that were asked for, in their order, and adds what they find to `results`. */
export async function runSections(results: BenchResults, options: BenchOptions, context: BenchContext): Promise<void> {
  const has = (section: BenchOptions['sections'][number]): boolean => options.sections.includes(section);
  const dataSet = generateDataSet({ ...STANDARD_SHAPE, events: options.events });
  const readsTopic = has('backlog') || has('streams') || has('streams-sink') || has('profile');
  if (readsTopic) {
    const input = await produceDataSet(dataSet);
    try {
      await runOnTopic(results, { options, context, dataSet, input });
    } finally {
      await input.drop();
    }
  }
  if (has('plain')) {
    results.plainLoop = await measurePlainLoop(dataSet, {
      adminUrl: stackAddresses().DATABASE_URL,
      targetMs: context.targetMs,
      // Among all settings the best has always been one of these.
      connections: [2, 3],
      recordsPerTransaction: [10_000],
      runs: options.runs,
      serverPids: context.serverPids,
      prefill: prefillFor(options),
      print: context.print,
    });
  }
  if (has('naive')) results.naive = await measureNaive(dataSet, context);
  if (has('latency')) await runLatency(results, options, context);
  if (has('http')) {
    const http = { secondsEach: options.httpSeconds, workers: [1, 2] };
    results.http = await measureHttp(dataSet, http, context);
  }
  if (has('updates')) results.updates = await measureUpdates({ secondsEach: options.updateSeconds }, context);
  if (has('boards')) {
    results.boards = await measureBoards({ users: options.boardUsers, nowMs: Date.parse(results.startedAt) }, context);
  }
  if (has('growth')) await runGrowth(results, options, context);
}

interface OnTopic {
  readonly options: BenchOptions;
  readonly context: BenchContext;
  readonly dataSet: DataSet;
  readonly input: InputTopic;
}

async function runOnTopic(results: BenchResults, { options, context, dataSet, input }: OnTopic): Promise<void> {
  const expected = expectedChecksum(dataSet.events, context.targetMs);
  if (options.sections.includes('backlog')) {
    results.backlog = await runBacklog({ options, context, dataSet, input }, expected);
  }
  if (options.sections.includes('profile')) await profileBacklog(input, context);
  const wantsAlone = options.sections.includes('streams');
  const wantsSink = options.sections.includes('streams-sink');
  if (!wantsAlone && !wantsSink) return;
  const peer = await buildStreamsPeer(context);
  if (wantsAlone) results.streams = await measureStreams(peer, input, expected, context);
  if (wantsSink) results.streamsSink = await measureStreamsSink(peer, input, expected, context);
}

async function runBacklog({ options, context, dataSet, input }: OnTopic, expectedOfEmpty: ResultChecksum) {
  const prefill = prefillFor(options);
  const expected =
    prefill === undefined ? expectedOfEmpty : expectedChecksum(dataSet.events, context.targetMs, heldBefore(prefill));
  const runs = [];
  for (let run = 1; run <= options.runs; run += 1) {
    const result = await measureBacklog(input, expected, { ...context, prefill, processors: options.processors });
    runs.push(result);
    const { appliedPerSecond, projectedPerSecond, publishedPerSecond, processorPeakMiB, cpu } = result;
    const published =
      publishedPerSecond === undefined ? 'nothing published' : `${perSecond(publishedPerSecond)} published`;
    context.print(
      `backlog, run ${run}: ${perSecond(appliedPerSecond)} applied, ${perSecond(projectedPerSecond)} projected, ${published}; ` +
        `${processorPeakMiB} MiB; CPU: ${describeCpu(cpu)}`,
    );
  }
  return runs;
}

function prefillFor({ prefill }: BenchOptions) {
  return prefill === undefined ? undefined : prefillOf(prefill, STANDARD_SHAPE.users);
}

async function runLatency(
  results: BenchResults,
  { rates, latencySeconds }: BenchOptions,
  context: BenchContext,
): Promise<void> {
  for (const rate of rates) {
    const result = await measureLatency({ perSecond: rate, seconds: latencySeconds, followOneIn: 100 }, context);
    results.latency = [...(results.latency ?? []), result];
    const { p50Ms, p95Ms, p99Ms, maxMs, followed, unseen, lateSends, sends, cpu } = result;
    context.print(
      `produce → GET at ${perSecond(rate)}: p50 ${ms(p50Ms)}, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)}, greatest ${ms(maxMs)}; ` +
        `${unseen} of ${followed} not seen; ${lateSends} of ${sends} sends late; CPU: ${describeCpu(cpu)}`,
    );
  }
}

async function runGrowth(results: BenchResults, options: BenchOptions, context: BenchContext): Promise<void> {
  for (const part of options.growth) {
    if (part === 'steady') {
      results.steady = await measureSteady({ perSecond: options.steadyRate, minutes: options.minutes }, context);
    } else {
      results.growth = [...(results.growth ?? []), await measureGrowth(growthSeries(part, options.events), context)];
    }
  }
}
