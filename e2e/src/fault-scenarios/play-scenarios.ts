import { runScenarios } from './run-scenarios';
import { chooseScenarios } from './scenario-list';
import { startServers } from './stage/servers';

export interface PlayOptions {
  /** Of scenarios, with commas, or `all`. */
  readonly name: string;
  readonly seed: number;
  /** Length of the soak. */
  readonly minutes: number;
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  /** Ends the run after the scenario at hand. */
  readonly signal: AbortSignal;
}

/** Plays scenarios on servers of their own. Resolves with the exit code: 1 when one of them failed. */
export async function playScenarios({ name, env, ...options }: PlayOptions): Promise<number> {
  const scenarios = chooseScenarios(name);
  const servers = await startServers(env);
  try {
    const results = await runScenarios(scenarios, { ...options, servers });
    const failed = results.filter(({ fault }) => fault !== undefined).map((result) => result.name);
    options.print(`scenarios=${results.length} of ${scenarios.length}, failed: ${failed.join(', ') || 'none'}`);
    return failed.length === 0 && results.length === scenarios.length ? 0 : 1;
  } finally {
    await servers.stop();
  }
}
