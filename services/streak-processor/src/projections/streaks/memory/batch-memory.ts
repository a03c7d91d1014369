import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { createKnownKeys, type KnownKeys } from './known-keys';
import { createStreakMemory, type StreakMemory } from './streak-memory';

/** What a process keeps of a rule between transactions, all of it to save look-ups, none of it relied upon. */
export interface RuleMemory {
  readonly events: KnownKeys;
  readonly days: KnownKeys;
  /** One for each connection: it ends with it, so that a database that was restored meanwhile is read anew. */
  streaksOf(client: ClientBase): StreakMemory;
}

export type BatchMemory = Readonly<Record<RuleId, RuleMemory>>;

const KNOWN_EVENT_SETS = 2 ** 18;
const KNOWN_DAY_SETS = 2 ** 19;
const STREAKS_PER_CONNECTION = 4_000;

export function createBatchMemory(): BatchMemory {
  return Object.fromEntries(RULE_IDS.map((ruleId) => [ruleId, createRuleMemory()])) as Record<RuleId, RuleMemory>;
}

/** The pages of the key sets are the system's until they are written: a rule without events takes no memory. */
function createRuleMemory(): RuleMemory {
  const streaks = new WeakMap<ClientBase, StreakMemory>();
  return {
    events: createKnownKeys(KNOWN_EVENT_SETS),
    days: createKnownKeys(KNOWN_DAY_SETS),
    streaksOf(client) {
      const known = streaks.get(client);
      if (known !== undefined) return known;
      const created = createStreakMemory(STREAKS_PER_CONNECTION);
      streaks.set(client, created);
      return created;
    },
  };
}
