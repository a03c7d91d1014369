import type { BacklogResult } from '../backlog/drain-backlog';
import { produceDataSet } from '../backlog/input-topic';
import { measureBacklog } from '../backlog/measure-backlog';
import type { BenchContext } from '../bench-context';
import { expectedChecksum } from '../data-set/expected-result';
import { generateDataSet } from '../data-set/generate-data-set';
import { type Flatness, flatnessOf } from '../figures/flatness';
import { medianBy } from '../figures/median';
import { heldBefore, prefillOf } from '../prefill/prefill-users';
import { formatTable, percent, perSecond } from '../printing/print-results';
import { cpuMicrosecondsEach, describeCpu } from '../processes/cpu-seconds';
import type { GrowthCase, GrowthSeries } from './growth-cases';

export interface GrowthFigure {
  readonly label: string;
  readonly sessionsPerSecond: number;
  /** CPU of all processes for each session. */
  readonly cpuMicrosecondsEach: number;
  readonly processorPeakMiB: number;
  readonly result: BacklogResult;
}

export interface GrowthResult {
  readonly name: string;
  readonly figures: readonly GrowthFigure[];
  readonly rate: Flatness;
  readonly cpu: Flatness;
}

/** Each size of a series from a full topic to all applied and projected, and how flat the rate a session is over them. */
export async function measureGrowth(series: GrowthSeries, context: BenchContext): Promise<GrowthResult> {
  const figures: GrowthFigure[] = [];
  for (const growthCase of series.cases) figures.push(await measureCase(series.name, growthCase, context));
  const result = {
    name: series.name,
    figures,
    rate: flatnessOf(figures.map(({ sessionsPerSecond }) => sessionsPerSecond)),
    cpu: flatnessOf(figures.map((figure) => figure.cpuMicrosecondsEach)),
  };
  context.print(describeGrowth(result));
  return result;
}

async function measureCase(
  series: string,
  { label, shape, prefilledUsers, change }: GrowthCase,
  context: BenchContext,
) {
  const generated = generateDataSet(shape);
  const dataSet = change === undefined ? generated : change(generated);
  const prefill = prefilledUsers === undefined ? undefined : prefillOf(prefilledUsers, prefilledUsers);
  const before = prefill === undefined ? undefined : heldBefore(prefill);
  const expected = expectedChecksum(dataSet.events, context.targetMs, before);
  const input = await produceDataSet(dataSet);
  const results: BacklogResult[] = [];
  try {
    for (let run = 1; run <= context.runs; run += 1) {
      const result = await measureBacklog(input, expected, { ...context, prefill });
      results.push(result);
      const { projectedPerSecond, cpu } = result;
      context.print(`${series}, ${label}, run ${run}: ${perSecond(projectedPerSecond)}; CPU: ${describeCpu(cpu)}`);
    }
  } finally {
    await input.drop();
  }
  const result = medianBy(results, ({ projectedPerSecond }) => projectedPerSecond);
  return {
    label,
    sessionsPerSecond: result.projectedPerSecond,
    cpuMicrosecondsEach: cpuMicrosecondsEach(result.cpu, result.records),
    processorPeakMiB: result.processorPeakMiB,
    result,
  };
}

function describeGrowth({ name, figures, rate, cpu }: GrowthResult): string {
  const verdict = ({ spread, isFlat }: Flatness): string => `${percent(spread)} apart, ${isFlat ? 'flat' : 'not flat'}`;
  return formatTable(`Growth: ${name}`, [
    ['', 'applied and projected', 'CPU a session', 'memory of the processor'],
    ...figures.map((figure) => [
      figure.label,
      perSecond(figure.sessionsPerSecond),
      `${figure.cpuMicrosecondsEach.toFixed(1)} µs`,
      `${figure.processorPeakMiB} MiB`,
    ]),
    ['flatness', verdict(rate), verdict(cpu), ''],
  ]);
}
