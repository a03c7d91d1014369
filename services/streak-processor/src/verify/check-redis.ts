import type { Queryable } from '@streaks/exactly-once/sql/progress';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { StreakLookup, StreakStore } from '@streaks/shared/redis/streak-store';
import type { Pool } from 'pg';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import type { FaultList } from './fault-list';
import { inSnapshot } from './user-pages';

/** A user's state as a snapshot of Postgres has it. */
export interface ExpectedState {
  readonly userId: string;
  readonly runs: string;
  readonly timezone: string | null;
  readonly version: number;
}

export interface RedisCheckOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly shardCount: number;
  readonly faults: FaultList;
}

const KIND = 'Redis differs from user_streaks';

/** Changes of these users that the relay has not brought to Redis yet. */
const UNPROJECTED = `
  SELECT DISTINCT h.user_id FROM unnest($1::text[], $2::int[]) AS k(user_id, shard)
  JOIN outbox_shard o USING (shard)
  JOIN streak_history h ON h.shard = o.shard AND h.out_seq > o.projected_seq AND h.user_id = k.user_id
  WHERE h.rule_id = '${FOCUS_RULE}'`;

const PRESENT = `
  SELECT user_id, runs::text AS runs, timezone, version::int AS version FROM user_streaks
  WHERE user_id = ANY($1::text[]) AND rule_id = '${FOCUS_RULE}'`;

/**
 * Compares states with Redis, which is read after them. What differs is looked at again: Postgres may have moved on since,
 * and Redis may be behind where a change of the user is not projected yet. Returns how many are behind for that reason.
 */
export async function checkRedis(options: RedisCheckOptions, states: readonly ExpectedState[]): Promise<number> {
  const { store, pool, generation, shardCount, faults } = options;
  const firstLook = await differing(store, generation, states);
  if (firstLook.length === 0) return 0;
  const ids = firstLook.map(({ state }) => state.userId);
  // One snapshot, taken before Redis is read again: of a state in it whose change is not among the unprojected, Redis was told before.
  const { unprojected, present } = await inSnapshot(pool, async (client) => ({
    unprojected: await readUnprojected(client, ids, shardCount),
    present: await readPresent(client, ids),
  }));
  const suspects = await differing(
    store,
    generation,
    ids.map((userId) => present.get(userId) ?? { userId, runs: '{}', timezone: null, version: 0 }),
  );
  let behind = 0;
  for (const { state, lookup } of suspects) {
    const isAhead = versionOf(lookup) > state.version;
    if (isAhead && (await hasReached(pool, state.userId, lookup))) continue;
    if (!isAhead && unprojected.has(state.userId)) behind += 1;
    else faults.add(KIND, `${state.userId}: ${describeLookup(lookup)}, Postgres has ${describe(state)}`);
  }
  return behind;
}

interface Suspect {
  readonly state: ExpectedState;
  readonly lookup: StreakLookup;
}

async function differing(store: StreakStore, generation: bigint, states: readonly ExpectedState[]): Promise<Suspect[]> {
  const answers = await store.readMany(
    states.map(({ userId }) => userId),
    FOCUS_RULE,
  );
  return states.flatMap((state, index) => {
    const lookup = answers[index]?.lookup ?? { kind: 'miss' };
    return isEqual(state, lookup, generation) ? [] : [{ state, lookup }];
  });
}

function isEqual(state: ExpectedState, lookup: StreakLookup, generation: bigint): boolean {
  if (lookup.kind !== 'found') return state.version === 0;
  const { runs, timezone, version } = lookup.state;
  return (
    lookup.generation >= generation &&
    version === state.version &&
    timezone === state.timezone &&
    formatRuns(runs) === state.runs
  );
}

/** Redis is ahead of what was read; a relay writes only what was committed before. */
async function hasReached(pool: Pool, userId: string, lookup: StreakLookup): Promise<boolean> {
  const state = (await readPresent(pool, [userId])).get(userId);
  return state !== undefined && state.version >= versionOf(lookup);
}

async function readUnprojected(
  client: Queryable,
  userIds: readonly string[],
  shardCount: number,
): Promise<Set<string>> {
  const shards = userIds.map((userId) => partitionForKey(userId, shardCount));
  const { rows } = await client.query<{ user_id: string }>(UNPROJECTED, [userIds, shards]);
  return new Set(rows.map(({ user_id }) => user_id));
}

async function readPresent(client: Queryable, userIds: readonly string[]): Promise<ReadonlyMap<string, ExpectedState>> {
  const { rows } = await client.query<Omit<ExpectedState, 'userId'> & { user_id: string }>(PRESENT, [userIds]);
  return new Map(rows.map(({ user_id: userId, ...state }) => [userId, { userId, ...state }]));
}

/** Users that Redis knows and Postgres does not, given all keys of states page by page. */
export async function checkUnknownUsers(options: RedisCheckOptions, userIds: readonly string[]): Promise<void> {
  const { store, pool, generation, faults } = options;
  const answers = await store.readMany(userIds, FOCUS_RULE);
  const found = userIds.filter((_, index) => {
    const lookup = answers[index]?.lookup;
    return lookup?.kind === 'found' && lookup.generation >= generation && lookup.state.version > 0;
  });
  if (found.length === 0) return;
  const known = await readPresent(pool, found);
  for (const userId of found) if (!known.has(userId)) faults.add(KIND, `${userId}: Postgres has no such user`);
}

const versionOf = (lookup: StreakLookup): number => {
  if (lookup.kind === 'miss') return -1;
  return lookup.kind === 'found' ? lookup.state.version : lookup.version;
};

const describe = ({ runs, timezone, version }: ExpectedState): string => `version ${version} ${runs} in ${timezone}`;

function describeLookup(lookup: StreakLookup): string {
  if (lookup.kind === 'miss') return 'nothing';
  if (lookup.kind === 'deleted') return `deleted at version ${lookup.version}`;
  const { runs, timezone, version } = lookup.state;
  return `generation ${lookup.generation} ${describe({ userId: '', runs: formatRuns(runs), timezone, version })}`;
}
