import type { CollectedRun } from '../collected-run';
import type { Expectation } from '../expectation';
import { countFaults, describeFaults, type Fault } from '../fault';
import { boardPlants } from './board-plants';
import { correctionPlants } from './correction-plants';
import { publishedPlants } from './published-plants';
import { storePlants } from './store-plants';

/**
 * Plants faults in copies of a run that has none, one at a time, and lets the checker look. Returns what was found.
 * @throws when the checker finds fault with the run itself, or misses a plant: a checker that finds nothing proves nothing
 */
export function proveChecker(
  run: CollectedRun,
  expected: Expectation,
  check: (run: CollectedRun) => readonly Fault[],
): string[] {
  const own = check(run);
  if (own.length > 0) {
    throw new Error(`the run to plant faults in has ${own.length} already:\n${describeFaults(own).join('\n')}`);
  }
  const plants = [...storePlants, ...correctionPlants, ...boardPlants, ...publishedPlants(run)];
  return plants.map(({ name, kind, where, plant }) => {
    const faults = check(plant(run, expected));
    if (!faults.some((fault) => fault.kind === kind && fault.where.startsWith(where))) {
      throw new Error(`the checker does not find ${name}: it counts ${JSON.stringify(countFaults(faults))}`);
    }
    return name;
  });
}
