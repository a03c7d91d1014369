import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { Pool } from 'pg';
import { readStreaks } from '../sql/streak-rows';

export interface StoredDay {
  /** Milliseconds, or a number of check-ins. */
  readonly total: number;
  readonly latest: { readonly endMs: number; readonly id: string; readonly timezone: string };
}

export interface StoredHistoryRow {
  readonly version: number;
  readonly changeType: string;
  readonly qualifiedDate: LocalDay | null;
  readonly current: readonly [before: number, after: number];
  readonly longest: readonly [before: number, after: number];
  readonly qualifiedDays: readonly [before: number, after: number];
  readonly lastQualified: readonly [before: string | null, after: string | null];
  readonly timezone: string | null;
}

export async function readUserDays(
  pool: Pool,
  userId: string,
  ruleId: RuleId = FOCUS_RULE,
): Promise<ReadonlyMap<LocalDay, StoredDay>> {
  const { rows } = await pool.query<Record<'day' | 'total' | 'end_ms' | 'latest_id' | 'latest_timezone', string>>(
    `SELECT local_date::text AS day, total, (extract(epoch FROM latest_end) * 1000)::bigint AS end_ms, latest_id, latest_timezone
     FROM daily_totals WHERE user_id = $1 AND rule_id = $2`,
    [userId, ruleId],
  );
  return new Map(
    rows.map((row) => [
      requireDay(row.day),
      {
        total: Number(row.total),
        latest: { endMs: Number(row.end_ms), id: row.latest_id, timezone: row.latest_timezone },
      },
    ]),
  );
}

export async function readUserState(pool: Pool, userId: string, ruleId: RuleId = FOCUS_RULE): Promise<StreakState> {
  const client = await pool.connect();
  try {
    return (await readStreaks(client, ruleId, [userId])).get(userId) as StreakState;
  } finally {
    client.release();
  }
}

/** In the order of the versions. */
export async function readUserHistory(
  pool: Pool,
  userId: string,
  ruleId: RuleId = FOCUS_RULE,
): Promise<readonly StoredHistoryRow[]> {
  const { rows } = await pool.query<Record<string, never> & { [column: string]: string | number | null }>(
    `SELECT version::int, change_type, qualified_date::text, current_before, current_after, longest_before, longest_after,
       qualified_days_before, qualified_days_after, last_qualified_before::text, last_qualified_after::text, timezone
     FROM streak_history WHERE user_id = $1 AND rule_id = $2 ORDER BY version`,
    [userId, ruleId],
  );
  return rows.map((row) => ({
    version: Number(row['version']),
    changeType: String(row['change_type']),
    qualifiedDate: typeof row['qualified_date'] === 'string' ? requireDay(row['qualified_date']) : null,
    current: [Number(row['current_before']), Number(row['current_after'])],
    longest: [Number(row['longest_before']), Number(row['longest_after'])],
    qualifiedDays: [Number(row['qualified_days_before']), Number(row['qualified_days_after'])],
    lastQualified: [
      row['last_qualified_before'] ?? null,
      row['last_qualified_after'] ?? null,
    ] as StoredHistoryRow['lastQualified'],
    timezone: (row['timezone'] ?? null) as string | null,
  }));
}

function requireDay(text: string): LocalDay {
  const day = parseIsoDate(text);
  if (day === undefined) throw new RangeError(`${text} is no date`);
  return day;
}
