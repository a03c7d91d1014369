import type { Scenario } from './scenario';
import { killedBrokers, rollingRestart } from './scenarios/brokers';
import { hostileUpstream } from './scenarios/hostile-upstream';
import { addedPartitions, lostInput, resetOffsets } from './scenarios/input-positions';
import { lostCommits, lostKafkaReplies } from './scenarios/lost-replies';
import { foreignMarks, restoredRepublished, restoredSkipped } from './scenarios/output-positions';
import { partitioned } from './scenarios/partitioned';
import { poison } from './scenarios/poison';
import { rebalanceStorm } from './scenarios/rebalance-storm';
import { soak } from './scenarios/soak';
import { connectionsExhausted, postgresKilled, redisEmptied, redisSlow } from './scenarios/stores';
import { wanderingUser } from './scenarios/wandering-user';
import { zombies } from './scenarios/zombies';

/** In the order in which `all` plays them. */
export const SCENARIOS: readonly Scenario[] = [
  zombies,
  lostCommits,
  lostKafkaReplies,
  hostileUpstream,
  rebalanceStorm,
  partitioned,
  killedBrokers,
  rollingRestart,
  postgresKilled,
  connectionsExhausted,
  redisEmptied,
  redisSlow,
  resetOffsets,
  addedPartitions,
  lostInput,
  foreignMarks,
  restoredRepublished,
  restoredSkipped,
  poison,
  wanderingUser,
  soak,
];

/** `names`: of one or more, with commas, or `all`. @throws for a name that no scenario has */
export function chooseScenarios(names: string): readonly Scenario[] {
  if (names === 'all') return SCENARIOS;
  return names.split(',').map((name) => {
    const chosen = SCENARIOS.find((scenario) => scenario.name === name);
    if (chosen !== undefined) return chosen;
    throw new Error(`there is no scenario "${name}"; there are ${SCENARIOS.map((one) => one.name).join(', ')} and all`);
  });
}
