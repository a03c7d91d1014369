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

/** @throws for a name that no scenario has */
export function chooseScenarios(name: string): readonly Scenario[] {
  if (name === 'all') return SCENARIOS;
  const chosen = SCENARIOS.filter((scenario) => scenario.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(`there is no scenario "${name}"; there are ${SCENARIOS.map((one) => one.name).join(', ')} and all`);
}
