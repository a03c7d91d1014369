import type { Pool } from 'pg';
import { isHistoryCut } from '../../verify/history/is-history-cut';
import { inTransaction } from '../schema/rebuild-schema';
import { differingRows, USER_STREAKS } from './compared-tables';

/** The users whose streak is another one, or whose row is not where the history ends: what a swap must write. */
export const STREAKS_TO_CORRECT = `
  SELECT user_id, rule_id FROM (${differingRows(USER_STREAKS)}) d
  UNION SELECT user_id, rule_id FROM rebuild.suspects`;

// The history is the authority on versions. One pass over it, which is why it is made outside of the swap. Where old months of
// it are gone a user without a row has lost them.
const ROWS_OFF_THEIR_HISTORY = `
  SELECT coalesce(s.user_id, h.user_id), coalesce(s.rule_id, h.rule_id)
  FROM (
    SELECT DISTINCT ON (user_id, rule_id) user_id, rule_id, version, current_after, longest_after, qualified_days_after,
           last_qualified_after, timezone
    FROM public.streak_history ORDER BY user_id, rule_id, version DESC
  ) h FULL JOIN (SELECT * FROM public.user_streaks WHERE version <> 0) s ON s.user_id = h.user_id AND s.rule_id = h.rule_id
  WHERE ROW(h.version, h.current_after, h.longest_after, h.qualified_days_after, h.last_qualified_after, h.timezone)
    IS DISTINCT FROM ROW(s.version, s.current_run_length, s.longest_run_length, s.qualified_days_count, s.last_qualified_date, s.timezone)
    AND NOT (h.user_id IS NULL AND $1)`;

// What an erasure would have deleted: rows of history before the one that tells of it, dead letters recorded up to it.
const REMNANTS = `
  SELECT 'streak_history', h.shard, h.out_seq
  FROM rebuild.special_users u
  CROSS JOIN LATERAL (
    SELECT e.rule_id, max(e.version) AS version FROM public.streak_history e
    WHERE e.user_id = u.user_id AND e.change_type = 'USER_ERASED' GROUP BY e.rule_id
  ) AS erasure
  JOIN public.streak_history h ON h.user_id = u.user_id AND h.rule_id = erasure.rule_id AND h.version < erasure.version
  WHERE u.erased_at IS NOT NULL
  UNION ALL
  SELECT 'dead_letters', d.shard, d.out_seq
  FROM public.dead_letters d JOIN rebuild.special_users u ON u.user_id = d.user_id AND d.record_time <= u.erased_at
  UNION ALL
  SELECT 'dead_letters', d.shard, d.out_seq
  FROM public.dead_letters d JOIN rebuild.special_users u
    ON d.user_id IS NULL AND d.key = convert_to(u.user_id, 'UTF8') AND d.record_time <= u.erased_at`;

export interface Suspects {
  /** Users whose row of `user_streaks` is not where their history ends, whatever the rebuilt state is. */
  readonly offHistory: number;
  /** Rows of history and dead letters that an erasure has left. */
  readonly remnants: number;
}

/** Remembers in the fresh schema what a swap has to put right in tables that are not rebuilt. */
export async function findSuspects(pool: Pool): Promise<Suspects> {
  const isCut = await isHistoryCut(pool);
  return inTransaction(pool, async (client) => {
    await client.query('TRUNCATE rebuild.suspects, rebuild.remnants');
    // One statement each, so that rows and history are of one moment.
    const suspects = await client.query(`INSERT INTO rebuild.suspects (user_id, rule_id) ${ROWS_OFF_THEIR_HISTORY}`, [
      isCut,
    ]);
    const remnants = await client.query(`INSERT INTO rebuild.remnants (of_table, shard, out_seq) ${REMNANTS}`);
    return { offHistory: suspects.rowCount ?? 0, remnants: remnants.rowCount ?? 0 };
  });
}
