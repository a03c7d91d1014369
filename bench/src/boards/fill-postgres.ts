import { formatRuns } from '@streaks/shared/postgres/multirange';
import { toBoardEntry } from '@streaks/shared/redis/boards/board-entry';
import type { StreakWrite } from '@streaks/shared/redis/streak-store';
import type { Pool } from 'pg';

const COLUMNS = `user_id text, rule_id text, runs datemultirange, current_run_length int, longest_run_length int,
  qualified_days_count int, timezone text, version bigint, updated_at timestamptz, expires_at timestamptz`;
const INSERT = `INSERT INTO user_streaks (${COLUMNS.replaceAll(/ \w+(?=,|$)/g, '')})
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS row (${COLUMNS})`;

/** The rows that the processor would have written of these states; then what autovacuum would do in time. */
export async function fillPostgres(pool: Pool, pages: Iterable<readonly StreakWrite[]>): Promise<void> {
  for (const page of pages) {
    await pool.query(INSERT, [JSON.stringify(page.flatMap(toRow))]);
  }
  await pool.query('VACUUM ANALYZE user_streaks');
}

function toRow({ userId, ruleId, state }: StreakWrite): readonly object[] {
  const entry = state === null ? undefined : toBoardEntry(userId, state);
  if (state === null || entry === undefined) return [];
  return [
    {
      user_id: userId,
      rule_id: ruleId,
      runs: formatRuns(state.runs),
      current_run_length: entry.latestStreak,
      longest_run_length: entry.longestStreak,
      qualified_days_count: entry.qualifiedDays,
      timezone: state.timezone,
      version: state.version,
      updated_at: new Date(entry.updatedAtMs).toISOString(),
      expires_at: new Date(entry.expiresAtMs).toISOString(),
    },
  ];
}
