import type { BenchResults } from './bench-results';
import { boardRows } from './boards/describe-boards';
import { medianBy } from './figures/median';
import { describeRatio, type Ratio, ratioOf } from './figures/ratio';
import { formatMarkdown, ms, perSecond } from './printing/print-results';
import { type CpuSeconds, cpuMicrosecondsEach, describeCpu } from './processes/cpu-seconds';
import { updateRatios, updateRows } from './sync-update/describe-updates';

/** Every ratio that the run has both sides of. Peers start from empty tables, so a prefilled run is compared with the plain loop only. */
export function ratiosOf(results: BenchResults): readonly Ratio[] {
  const backlog = results.backlog && medianBy(results.backlog, ({ projectedPerSecond }) => projectedPerSecond);
  const ours = backlog?.publishedPerSecond ?? backlog?.projectedPerSecond;
  const [plain, streams, sink] = [results.plainLoop, results.streams, results.streamsSink];
  const peers =
    results.prefilledSessions === undefined
      ? [
          ratioOf('backlog → all done', 'Kafka Streams alone', { ours, theirs: streams?.eventsPerSecond }),
          ratioOf('backlog → all done', 'Kafka Streams to Postgres', {
            ours,
            theirs: sink?.eventsPerSecond,
            target: 1,
          }),
          ratioOf('backlog → all done', 'naive consumer', { ours, theirs: results.naive?.eventsPerSecond }),
          ratioOf('CPU a session: theirs over ours', 'Kafka Streams to Postgres', {
            ours: sink && cpuMicrosecondsEach(sink.cpu, results.events),
            theirs: backlog && cpuMicrosecondsEach(backlog.cpu, backlog.records),
          }),
        ]
      : [];
  const http = (results.http ?? []).map(({ route, workers, ours: mine, bare }) =>
    ratioOf(`${route}, ${workers} process${workers === 1 ? '' : 'es'}`, 'bare Express', {
      ours: mine.perSecond,
      theirs: bare.perSecond,
      target: route.startsWith('GET') ? 0.7 : 0.5,
    }),
  );
  return [
    ratioOf('backlog → applied', 'plain loop', {
      ours: backlog?.appliedPerSecond,
      theirs: plain?.eventsPerSecond,
      target: 0.7,
    }),
    ...peers,
    ...http,
    ...updateRatios(results.updates),
  ].filter((ratio) => ratio !== undefined);
}

/** The final table, in Markdown: what the run measured, with the CPU that each process used, and the ratios. */
export function summarise(results: BenchResults): string {
  const figures = [
    ...rateRows(results),
    ...latencyRows(results),
    ...httpRows(results),
    ...updateRows(results.updates),
    ...boardRows(results.boards),
  ];
  const ratios = (results.ratios ?? []).map((ratio) => [ratio.what, ratio.baseline, describeRatio(ratio)]);
  return [
    `${results.events.toLocaleString('en-US')} events, median of ${results.runs}, ${results.cpus} cores (${results.cpuModel}), load before: ${results.loadBefore.toFixed(1)}`,
    ...(figures.length === 0 ? [] : [formatMarkdown(['what', 'figure', 'CPU'], figures)]),
    ...(ratios.length === 0 ? [] : [formatMarkdown(['ours', 'over', 'ratio'], ratios)]),
  ].join('\n\n');
}

function rateRows(results: BenchResults): string[][] {
  const rows: string[][] = [];
  if (results.backlog !== undefined) {
    const run = medianBy(results.backlog, ({ projectedPerSecond }) => projectedPerSecond);
    const published = run.publishedPerSecond;
    const cpu = describeEach(run.cpu, run.records);
    rows.push(
      ['backlog → applied in Postgres', perSecond(run.appliedPerSecond), cpu],
      ['… and projected in Redis', perSecond(run.projectedPerSecond), ''],
      ['… and published to Kafka', published === undefined ? 'nothing was published' : perSecond(published), ''],
      ['memory of the processor', `${run.processorPeakMiB} MiB`, ''],
    );
  }
  const peers = [
    ['the same SQL from a plain loop', results.plainLoop, results.events],
    ['naive kafkajs consumer', results.naive, results.naive?.events ?? 0],
    ['Kafka Streams alone', results.streams, results.events],
    ['Kafka Streams to Postgres', results.streamsSink, results.events],
  ] as const;
  for (const [name, result, events] of peers) {
    if (result !== undefined) rows.push([name, perSecond(result.eventsPerSecond), describeEach(result.cpu, events)]);
  }
  return rows;
}

function latencyRows({ latency = [] }: BenchResults): string[][] {
  return latency.map((run) => [
    `produce → GET at ${perSecond(run.perSecond)}`,
    `p50 ${ms(run.p50Ms)}, p95 ${ms(run.p95Ms)}, p99 ${ms(run.p99Ms)}; ${run.unseen} of ${run.followed} not seen; ${run.lateSends} of ${run.sends} sends late`,
    describeCpu(run.cpu),
  ]);
}

function httpRows({ http = [] }: BenchResults): string[][] {
  return http.map(({ route, workers, ours, bare }) => [
    `${route}, ${workers} process${workers === 1 ? '' : 'es'}`,
    `${perSecond(ours.perSecond)} (bare Express ${perSecond(bare.perSecond)})`,
    `${ours.cpuMicrosecondsEach.toFixed(0)} µs a request (bare ${bare.cpuMicrosecondsEach.toFixed(0)} µs)`,
  ]);
}

function describeEach(cpu: CpuSeconds, events: number): string {
  return `${cpuMicrosecondsEach(cpu, events).toFixed(1)} µs a session: ${describeCpu(cpu)}`;
}
