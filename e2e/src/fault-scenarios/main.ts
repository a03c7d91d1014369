import { parseArgs } from 'node:util';
import { runScenarios } from './run-scenarios';
import { chooseScenarios } from './scenario-list';
import { startServers } from './stage/servers';

const USAGE = 'Usage: npm run test:faults -- --scenario <name>|all [--seed <number>] [--minutes <number>]';

/** Plays the scenarios of the command line on servers of its own; 1 when one of them failed. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { scenario: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
  });
  if (values.scenario === undefined) throw new Error(USAGE);
  const scenarios = chooseScenarios(values.scenario);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const minutes = Number(values.minutes ?? 5);
  if (!Number.isInteger(seed) || !(minutes > 0)) throw new Error(USAGE);
  const servers = await startServers(process.env);
  try {
    const print = (line: string): void => console.log(line);
    const results = await runScenarios(scenarios, { servers, seed, minutes, print });
    const failed = results.filter(({ fault }) => fault !== undefined);
    console.log(`scenarios: ${results.length}, failed: ${failed.map(({ name }) => name).join(', ') || 'none'}`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await servers.stop();
  }
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
