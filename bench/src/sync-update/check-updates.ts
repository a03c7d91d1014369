import { waitFor } from '@streaks/testing/wait-for';
import type { Pool } from 'pg';

export interface ExpectedUpdates {
  readonly users: number;
  /** Answered; some more may have been under way when the load ended. */
  readonly updates: number;
}

const TIMEOUT_MS = 60_000;

/**
 * Every update answered is stored and counted on its day, and each user has one streak whose days are those with an update.
 * @throws when that is not so within a minute
 */
export async function checkUpdates(pool: Pool, { users, updates }: ExpectedUpdates): Promise<void> {
  let found = '';
  await waitFor(
    async () => {
      const { rows } = await pool.query<{ stored: string; counted: string; streaks: string; wrong: string }>(
        `SELECT (SELECT count(*) FROM check_ins) AS stored,
                (SELECT coalesce(sum(total), 0) FROM daily_totals WHERE rule_id = 'activity') AS counted,
                count(*) AS streaks,
                count(*) FILTER (WHERE qualified_days_count <> days.count) AS wrong
         FROM user_streaks JOIN LATERAL (
           SELECT count(*) FROM daily_totals d WHERE d.user_id = user_streaks.user_id AND d.rule_id = 'activity'
         ) AS days ON true
         WHERE rule_id = 'activity'`,
      );
      const [row] = rows;
      found = JSON.stringify(row);
      const isStored = Number(row?.stored) >= updates && row?.stored === row?.counted;
      return isStored && Number(row?.streaks) === users && row?.wrong === '0';
    },
    { description: 'the updates to be counted', timeoutMs: TIMEOUT_MS },
  ).catch((error: unknown) => {
    throw new Error(`${updates} updates of ${users} users were answered; Postgres has ${found}`, { cause: error });
  });
}
