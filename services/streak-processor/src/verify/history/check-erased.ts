import type { Pool } from 'pg';
import type { FaultList } from '../fault-list';

/** What is read of the faults: past it the count is a lower bound. */
const MOST_ROWS = 10_000;

// Beside what is kept by user, which is looked at with the rest of each user.
const LEFT = `
  SELECT s.user_id, 'a dead letter' AS what
  FROM dead_letters d JOIN special_users s ON s.user_id = d.user_id AND d.record_time <= s.erased_at
  UNION ALL
  SELECT s.user_id, 'a dead letter that could not be read'
  FROM dead_letters d JOIN special_users s
    ON d.user_id IS NULL AND d.key = convert_to(s.user_id, 'UTF8') AND d.record_time <= s.erased_at
  UNION ALL
  SELECT s.user_id, 'a friendship'
  FROM friendships f CROSS JOIN LATERAL (VALUES (f.user_a), (f.user_b)) AS k(user_id) JOIN special_users s USING (user_id)
  WHERE f.record_time <= s.erased_at
     OR EXISTS (SELECT FROM jsonb_array_elements(f.overruled) AS o
                WHERE (o ->> 'recordTimeMs')::float8 <= extract(epoch FROM s.erased_at) * 1000)`;

/** Nothing that was recorded of a user up to their erasure may be left in dead letters and friendships. */
export async function checkErased(pool: Pool, faults: FaultList): Promise<void> {
  const { rows } = await pool.query<{ user_id: string; what: string }>(
    `SELECT user_id, what FROM (${LEFT}) AS remnants LIMIT ${MOST_ROWS}`,
  );
  for (const { user_id, what } of rows) faults.add('what was erased is left', `${user_id}: ${what}`);
}
