import type { Queryable } from '@streaks/exactly-once/sql/progress';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import { toMs } from '../../projections/streaks/sql/event-table';
import type { StoredStreak } from './stored-user';

export const OF_OUR_RULES = `rule_id IN (${RULE_IDS.map((ruleId) => `'${ruleId}'`).join(', ')})`;

export interface StreakOfUser {
  readonly userId: string;
  readonly ruleId: RuleId;
  readonly streak: StoredStreak;
}

/** Rows of `user_streaks`, by a condition on `user_id`. */
export async function readStreaks(
  client: Queryable,
  condition: string,
  values: readonly unknown[],
): Promise<readonly StreakOfUser[]> {
  const { rows } = await client.query<{
    user_id: string;
    rule_id: RuleId;
    runs: string;
    timezone: string | null;
    version: string;
    updated_ms: string;
    expires_ms: string | null;
    bridging: Bridging | null;
    is_unlisted: boolean;
    current: number;
    longest: number;
    last_date: string | null;
    days: number;
  }>(
    `SELECT user_id, rule_id, runs::text AS runs, timezone, version, ${toMs('updated_at')} AS updated_ms,
            ${toMs('expires_at')} AS expires_ms, bridging, is_unlisted, current_run_length AS current,
            longest_run_length AS longest, last_qualified_date::text AS last_date, qualified_days_count AS days
     FROM user_streaks WHERE ${condition} AND ${OF_OUR_RULES}`,
    [...values],
  );
  return rows.map((row) => ({
    userId: row.user_id,
    ruleId: row.rule_id,
    streak: {
      state: {
        runs: parseRuns(row.runs),
        timezone: row.timezone,
        version: Number(row.version),
        updatedAtMs: Number(row.updated_ms),
        ...(row.bridging === null ? {} : { bridging: row.bridging }),
        ...(row.is_unlisted ? { isUnlisted: true } : {}),
      },
      summary: {
        currentRunLength: row.current,
        longest: row.longest,
        lastQualifiedDate: row.last_date === null ? null : requireDay(row.last_date),
        qualifiedDaysCount: row.days,
      },
      expiresAtMs: row.expires_ms === null ? null : Number(row.expires_ms),
    },
  }));
}

/** @throws RangeError for what is no date of the years 0001 to 9999 */
export function requireDay(text: string): LocalDay {
  const day = parseIsoDate(text);
  if (day === undefined) throw new RangeError(`${text} is no date of the years 0001 to 9999`);
  return day;
}
