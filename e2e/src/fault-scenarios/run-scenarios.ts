import { createRandom } from '../load/random';
import type { Scenario, ScenarioOptions } from './scenario';
import { openStage, type Stage } from './stage/open-stage';

export interface ScenarioResult {
  readonly name: string;
  readonly seconds: number;
  /** Why it failed, when it did. */
  readonly fault?: string;
}

/** Plays scenarios one after the other; a fault ends its scenario and not the run. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  options: ScenarioOptions,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    if (options.signal.aborted) break;
    options.print(`${scenario.name}: ${scenario.about} (seed ${options.seed})`);
    const result = await runScenario(scenario, options);
    options.print(`  ${result.fault === undefined ? 'passed' : `FAILED: ${result.fault}`} (${result.seconds} s)`);
    results.push(result);
  }
  return results;
}

async function runScenario(scenario: Scenario, options: ScenarioOptions): Promise<ScenarioResult> {
  const stages: Stage[] = [];
  const startedMs = performance.now();
  const result = (fault?: unknown): ScenarioResult => ({
    name: scenario.name,
    seconds: Math.round((performance.now() - startedMs) / 1_000),
    ...(fault === undefined ? {} : { fault: fault instanceof Error ? fault.message : String(fault) }),
  });
  try {
    await scenario.run({
      ...options,
      random: createRandom(options.seed),
      openStage: async (pipeline = {}) => {
        const stage = await openStage({ ...options, place: options.servers, pipeline });
        stages.push(stage);
        return stage;
      },
    });
    for (const stage of stages) await stage.close();
    return result();
  } catch (error) {
    for (const { processors } of stages) {
      for (const { pid, output } of processors)
        options.print(`  last words of processor ${pid}:\n${lastLines(output())}`);
    }
    for (const stage of stages) await stage.close().catch(() => undefined);
    return result(error);
  }
}

const SHOWN_LINES = 25;

const lastLines = (output: string): string =>
  output
    .trimEnd()
    .split('\n')
    .slice(-SHOWN_LINES)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n');
