import type { Pipeline } from '@streaks/testing/start-pipeline';

/** Something planted in the tables behind the back of the product, and the kind of fault by which `verify` names it. */
export interface Damage {
  readonly what: string;
  readonly sql: string;
  readonly kind: RegExp;
}

const user = (place: number, from = 'user_streaks WHERE version > 1'): string =>
  `(SELECT user_id FROM ${from} ORDER BY user_id OFFSET ${place} LIMIT 1)`;
const ofOneDay = 'daily_totals GROUP BY user_id HAVING count(*) > 1 AND max(total) < 10000000';

export const damages: readonly Damage[] = [
  {
    what: 'a total changed',
    // One day alone: a few examples of each kind are all that is shown.
    sql: `UPDATE daily_totals SET total = total + 7 WHERE (user_id, local_date) IN
      (SELECT user_id, max(local_date) FROM daily_totals WHERE user_id = ${user(0)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions/,
  },
  {
    what: 'a day missing',
    sql: `DELETE FROM daily_totals WHERE (user_id, local_date) IN
      (SELECT user_id, max(local_date) FROM daily_totals WHERE user_id = ${user(1, ofOneDay)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions.*missing/,
  },
  {
    what: 'a session deleted',
    sql: `DELETE FROM focus_sessions WHERE (user_id, session_id) IN
      (SELECT user_id, min(session_id) FROM focus_sessions WHERE user_id = ${user(2)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions/,
  },
  {
    what: 'runs changed',
    sql: `UPDATE user_streaks SET runs = '{[2020-01-01,2020-01-03)}', current_run_length = 2, longest_run_length = 2,
      last_qualified_date = '2020-01-02', qualified_days_count = 2 WHERE user_id = ${user(3)}`,
    kind: /^user_streaks differs from daily_totals/,
  },
  {
    what: 'a zone changed',
    sql: `UPDATE user_streaks SET timezone = 'Etc/GMT+3' WHERE user_id = ${user(4)}`,
    kind: /^user_streaks differs from daily_totals/,
  },
  {
    what: 'a version changed',
    sql: `UPDATE user_streaks SET version = version + 40 WHERE user_id = ${user(5)}`,
    kind: /^streak_history.*user_streaks has/,
  },
  {
    what: 'a streak deleted',
    sql: `DELETE FROM user_streaks WHERE user_id = ${user(6)}`,
    kind: /^streak_history.*no row of user_streaks/,
  },
];

export async function plant({ pool }: Pick<Pipeline, 'pool'>, { what, sql }: Damage): Promise<void> {
  const { rowCount } = await pool.query(sql);
  if ((rowCount ?? 0) === 0) throw new Error(`${what}: no row was hit`);
}
