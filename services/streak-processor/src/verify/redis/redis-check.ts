import type { Queryable } from '@streaks/exactly-once/sql/progress';
import type { RuleId } from '@streaks/shared/domain/rules';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { FaultList } from '../fault-list';
import { inSnapshot } from '../users/in-snapshot';
import { readStreaks } from '../users/read-streaks';

/** What Redis is compared with Postgres by. */
export interface RedisCheck {
  readonly store: StreakStore;
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly shardCount: number;
  readonly faults: FaultList;
}

/** A user's state under a rule as a snapshot of Postgres has it; the empty one where there is no row. */
export interface ExpectedState {
  readonly userId: string;
  readonly state: StreakState;
}

/** Changes of these users that the relay has not brought to Redis yet. */
const UNPROJECTED = `
  SELECT DISTINCT h.user_id FROM unnest($1::text[], $2::int[]) AS k(user_id, shard)
  JOIN outbox_shard o USING (shard)
  JOIN streak_history h ON h.shard = o.shard AND h.out_seq > o.projected_seq AND h.user_id = k.user_id
  WHERE h.rule_id = $3`;

/** States, and who of them Redis cannot know yet, of one moment: of every other state in it Redis was told before. */
export async function lookAgain(
  { pool, shardCount }: RedisCheck,
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<{ readonly states: readonly ExpectedState[]; readonly unprojected: ReadonlySet<string> }> {
  return inSnapshot(pool, async (client) => {
    const shards = userIds.map((userId) => partitionForKey(userId, shardCount));
    const { rows } = await client.query<{ user_id: string }>(UNPROJECTED, [userIds, shards, ruleId]);
    const present = await readPresent(client, ruleId, userIds);
    return {
      states: userIds.map((userId) => ({ userId, state: present.get(userId) ?? emptyStreakState })),
      unprojected: new Set(rows.map(({ user_id }) => user_id)),
    };
  });
}

/** The states of those who have a row. */
export async function readPresent(
  client: Queryable,
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, StreakState>> {
  const rows = await readStreaks(client, 'user_id = ANY($1::text[]) AND rule_id = $2', [userIds, ruleId]);
  return new Map(rows.map(({ userId, streak }) => [userId, streak.state]));
}

/** Redis is ahead of what was read; a relay writes only what was committed before. */
export async function hasReached(
  { pool }: RedisCheck,
  ruleId: RuleId,
  userId: string,
  version: number,
): Promise<boolean> {
  const state = (await readPresent(pool, ruleId, [userId])).get(userId);
  return state !== undefined && state.version >= version;
}

export function describeState({ runs, timezone, version, updatedAtMs, bridging, isUnlisted }: StreakState): string {
  const settings = `${bridging === undefined ? '' : `, ${JSON.stringify(bridging)}`}${isUnlisted ? ', unlisted' : ''}`;
  return `version ${version} ${formatRuns(runs)} in ${timezone}, of ${new Date(updatedAtMs).toISOString()}${settings}`;
}
