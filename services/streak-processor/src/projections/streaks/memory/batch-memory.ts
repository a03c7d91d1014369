import type { ClientBase } from 'pg';
import { createKnownKeys, type KnownKeys } from './known-keys';
import { createStreakMemory, type StreakMemory } from './streak-memory';

/** What a process keeps between transactions, all of it to save look-ups, none of it relied upon. */
export interface BatchMemory {
  readonly sessions: KnownKeys;
  readonly days: KnownKeys;
  /** One for each connection: it ends with it, so that a database that was restored meanwhile is read anew. */
  streaksOf(client: ClientBase): StreakMemory;
}

const KNOWN_SESSION_SETS = 2 ** 18;
const KNOWN_DAY_SETS = 2 ** 19;
const STREAKS_PER_CONNECTION = 4_000;

export function createBatchMemory(): BatchMemory {
  const streaks = new WeakMap<ClientBase, StreakMemory>();
  return {
    sessions: createKnownKeys(KNOWN_SESSION_SETS),
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
