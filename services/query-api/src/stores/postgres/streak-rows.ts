import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { ReadModel, StoredStreak } from '../read-model';
import { instantColumn, type PostgresQuery } from './postgres-query';

const READ_STREAKS = `
  SELECT user_id, rule_id, runs::text AS runs, timezone, version::text AS version,
         ${instantColumn('updated_at')} AS updated_at_ms, bridging, is_unlisted,
         (SELECT generation::text FROM projection_generation) AS generation
    FROM user_streaks
   WHERE user_id = ANY($1::text[]) AND rule_id = ANY($2::text[])`;

type StreakRow = {
  user_id: string;
  rule_id: string;
  runs: string;
  timezone: string | null;
  version: string;
  updated_at_ms: string;
  bridging: Bridging | null;
  is_unlisted: boolean;
  generation: string;
};

export function createStreakRows(query: PostgresQuery): Pick<ReadModel, 'readStreaks'> {
  return {
    async readStreaks(userIds, ruleIds) {
      return (await query<StreakRow>('read_streaks', READ_STREAKS, [userIds, ruleIds])).map(toStoredStreak);
    },
  };
}

function toStoredStreak(row: StreakRow): StoredStreak {
  return {
    userId: row.user_id,
    ruleId: row.rule_id,
    state: {
      runs: parseRuns(row.runs),
      timezone: row.timezone,
      version: Number(row.version),
      updatedAtMs: Number(row.updated_at_ms),
      ...(row.bridging === null ? {} : { bridging: row.bridging }),
      ...(row.is_unlisted ? { isUnlisted: true } : {}),
    },
    generation: BigInt(row.generation),
  };
}
