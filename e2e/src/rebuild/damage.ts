import type { Pipeline } from '@streaks/testing/start-pipeline';

/** Something planted in the tables behind the back of the product, and the kind of fault by which `verify` names it. */
export interface Damage {
  readonly what: string;
  readonly sql: string;
  readonly kind: RegExp;
  /** The facts themselves are damaged: only the log tells what they were. */
  readonly needsLog?: true;
}

/** One user alone of each kind: a few examples are all that is shown. */
const user = (place: number, from = `user_streaks WHERE version > 1 AND rule_id = 'focus' AND runs <> '{}'`): string =>
  `(SELECT user_id FROM ${from} ORDER BY user_id OFFSET ${place} LIMIT 1)`;
const firstOf = (column: string, from: string): string => `(SELECT ${column} FROM ${from} ORDER BY 1 LIMIT 1)`;
const ofOneDay = `daily_totals WHERE rule_id = 'focus' GROUP BY user_id HAVING count(*) > 1 AND max(total) < 10000000`;
const erased = 'special_users WHERE erased_at IS NOT NULL';
const checkingIn = `user_streaks WHERE rule_id = 'activity' AND version > 1 AND runs <> '{}' AND is_unlisted = false`;
/** From the other end, so that nobody is hit twice. */
const bridged = (place: number): string =>
  `(SELECT user_id FROM user_streaks WHERE rule_id = 'focus' AND bridging IS NOT NULL ORDER BY user_id DESC OFFSET ${place} LIMIT 1)`;

export const damages: readonly Damage[] = [
  {
    what: 'a total changed',
    sql: `UPDATE daily_totals SET total = total + 7 WHERE rule_id = 'focus' AND (user_id, local_date) IN
      (SELECT user_id, max(local_date) FROM daily_totals WHERE rule_id = 'focus' AND user_id = ${user(0)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions/,
  },
  {
    what: 'a day missing',
    sql: `DELETE FROM daily_totals WHERE rule_id = 'focus' AND (user_id, local_date) IN
      (SELECT user_id, max(local_date) FROM daily_totals WHERE rule_id = 'focus' AND user_id = ${user(1, ofOneDay)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions.*missing/,
  },
  {
    what: 'a session deleted',
    sql: `DELETE FROM focus_sessions WHERE (user_id, session_id) IN
      (SELECT user_id, min(session_id) FROM focus_sessions WHERE user_id = ${user(2)} GROUP BY user_id)`,
    kind: /^daily_totals differs from focus_sessions/,
    needsLog: true,
  },
  {
    what: 'runs changed',
    sql: `UPDATE user_streaks SET runs = '{[2020-01-01,2020-01-03)}', current_run_length = 2, longest_run_length = 2,
      last_qualified_date = '2020-01-02', qualified_days_count = 2 WHERE rule_id = 'focus' AND user_id = ${user(3)}`,
    kind: /^user_streaks differs from daily_totals/,
  },
  {
    what: 'a zone changed',
    sql: `UPDATE user_streaks SET timezone = 'Etc/GMT+3' WHERE rule_id = 'focus' AND user_id = ${user(4)}`,
    kind: /^user_streaks differs from daily_totals/,
  },
  {
    what: 'a version changed',
    sql: `UPDATE user_streaks SET version = version + 40 WHERE rule_id = 'focus' AND user_id = ${user(5)}`,
    kind: /^streak_history.*user_streaks has/,
  },
  {
    what: 'a streak deleted',
    sql: `DELETE FROM user_streaks WHERE rule_id = 'focus' AND user_id = ${user(6)}`,
    kind: /^streak_history.*no row of user_streaks/,
  },
];

/** Of what check-ins, retractions, settings, organisations, erasures and friendships have left. */
export const otherDamages: readonly Damage[] = [
  {
    what: 'a check-in deleted',
    sql: `DELETE FROM check_ins WHERE (user_id, check_in_id) IN
      (SELECT user_id, min(check_in_id) FROM check_ins WHERE user_id = ${user(0, checkingIn)} GROUP BY user_id)`,
    kind: /^daily_totals differs from check_ins/,
    needsLog: true,
  },
  {
    what: 'a streak of check-ins changed',
    sql: `UPDATE user_streaks SET runs = '{}', current_run_length = 0, longest_run_length = 0, last_qualified_date = NULL,
      qualified_days_count = 0 WHERE rule_id = 'activity' AND user_id = ${user(1, checkingIn)}`,
    kind: /^user_streaks differs from daily_totals .*\(activity\)/,
  },
  {
    what: 'freezes and pauses forgotten',
    sql: `UPDATE user_streaks SET bridging = NULL WHERE rule_id = 'focus' AND user_id = ${bridged(0)}`,
    kind: /^user_streaks differs from the settings .*\(focus\): no bridging/,
  },
  {
    what: 'somebody unlisted without having asked for it',
    sql: `UPDATE user_streaks SET is_unlisted = true WHERE rule_id = 'activity' AND user_id = ${user(2, checkingIn)}`,
    kind: /^user_streaks differs from the settings .*\(activity\): .*unlisted/,
  },
  {
    what: 'a streak that never ends',
    sql: `UPDATE user_streaks SET expires_at = '2999-01-01' WHERE rule_id = 'activity' AND user_id = ${user(3, checkingIn)}`,
    kind: /^user_streaks expires otherwise .*\(activity\)/,
  },
  {
    what: 'settings lost',
    sql: `UPDATE special_users SET settings = NULL WHERE user_id = ${bridged(2)}`,
    kind: /^user_streaks differs from the settings .*they say no bridging/,
    needsLog: true,
  },
  {
    what: 'a retracted session brought back',
    sql: `INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone, record_time)
      SELECT user_id, session_id, '2025-01-01T10:00Z', '2025-01-01T11:00Z', 'UTC', '2025-01-01T12:00Z' FROM retracted_sessions
      ORDER BY user_id, session_id LIMIT 1`,
    kind: /^a retracted session is stored/,
  },
  {
    what: 'retractions that nobody looks for',
    sql: `UPDATE special_users SET has_retractions = false WHERE user_id = ${firstOf('user_id', 'retracted_sessions')}`,
    kind: /^special_users does not tell of retractions/,
  },
  {
    what: 'a bucket without its mark',
    sql: `DELETE FROM special_buckets WHERE bucket = ${firstOf('bucket', 'special_buckets')}`,
    kind: /^special_buckets lacks a bucket/,
  },
  {
    what: 'a member forgotten',
    sql: `DELETE FROM organisation_members WHERE user_id = ${firstOf('user_id', 'organisation_members')}`,
    kind: /^organisation_members differs from the settings/,
  },
  {
    what: 'a session and a check-in of somebody erased brought back',
    sql: `WITH gone AS (SELECT user_id, erased_at FROM ${erased} ORDER BY user_id LIMIT 1), session AS (
        INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone, record_time)
        SELECT user_id, 'of-old', '2025-01-01T10:00Z', '2025-01-01T11:00Z', 'UTC', erased_at FROM gone)
      INSERT INTO check_ins SELECT user_id, 'of-old', '2025-01-01T10:00Z', 'UTC', erased_at FROM gone`,
    kind: /^what was erased is left .* [1-9]\d* (sessions|check-ins)/,
  },
  {
    what: 'a friendship of somebody erased brought back',
    sql: `INSERT INTO friendships SELECT user_id, user_id || '-friend', true, erased_at, erased_at FROM ${erased} ORDER BY user_id LIMIT 1`,
    kind: /^what was erased is left .*a friendship/,
  },
  {
    what: 'a dead letter of somebody erased brought back',
    sql: `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, user_id, headers, record_time, shard, out_seq)
      SELECT gen_random_uuid(), 0, 0, 'gone', 'GONE', 'gone', user_id, '{}', erased_at, 0, 1000000 FROM ${erased} ORDER BY user_id LIMIT 1`,
    kind: /^what was erased is left .*a dead letter/,
  },
  {
    what: 'history of somebody erased brought back',
    sql: `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after,
        longest_before, longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset")
      SELECT shard, 1000000, user_id, rule_id, version - 1, 'STREAK_INCREMENT', 0, 1, 0, 1, 0, 1, generation, topic_id, 0, 0
      FROM streak_history WHERE change_type = 'USER_ERASED' ORDER BY user_id DESC, rule_id LIMIT 1`,
    kind: /^what was erased is left .*history before the erasure/,
  },
];

/** Alone, since it is told of all members. */
export const organisationDamage: Damage = {
  what: 'settings of organisations lost',
  sql: `UPDATE organisations SET settings = '{}' WHERE settings <> '{}'`,
  kind: /^user_streaks differs from/,
  needsLog: true,
};

export async function plant({ pool }: Pick<Pipeline, 'pool'>, { what, sql }: Damage): Promise<void> {
  const { rowCount } = await pool.query(sql);
  if ((rowCount ?? 0) === 0) throw new Error(`${what}: no row was hit`);
}
