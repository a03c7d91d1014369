import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import type { Pool } from 'pg';
import type { FaultList } from '../fault-list';
import { isHistoryCut } from './is-history-cut';

/** What is read of the faults of one shard: past it the count is a lower bound. */
const MOST_ROWS = 10_000;

const AFTER = [
  ['current_before', 'current_after', '0'],
  ['longest_before', 'longest_after', '0'],
  ['qualified_days_before', 'qualified_days_after', '0'],
  ['last_qualified_before', 'last_qualified_after', 'NULL::date'],
] as const;

const lagged = AFTER.map(([, after]) => `lag(${after}) OVER chain AS previous_${after}`).join(', ');
const befores = AFTER.map(([before]) => before).join(', ');
const expected = AFTER.map(([, after, none]) => `coalesce(previous_${after}, ${none})`).join(', ');

// One statement is one snapshot, so a user's chain and state belong together. All rows of a user are in one shard. An erasure
// deletes a chain and begins another with the next version.
const BROKEN_CHAINS = `
  WITH chains AS (
    SELECT h.*, lag(version) OVER chain AS previous, lead(version) OVER chain AS next, ${lagged}
    FROM streak_history h WHERE shard = $1
    WINDOW chain AS (PARTITION BY user_id, rule_id ORDER BY version, out_seq)
  )
  SELECT c.user_id, c.rule_id, c.version, c.change_type = 'USER_ERASED' AND c.previous IS NOT NULL AS is_left, CASE
      WHEN c.change_type = 'USER_ERASED' AND c.previous IS NOT NULL
        THEN format('history before the erasure of version %s', c.version)
      WHEN NOT (c.previous IS NULL AND ($2 OR c.change_type = 'USER_ERASED')) AND c.version <> coalesce(c.previous, 0) + 1
        THEN format('version %s follows %s', c.version, coalesce(c.previous::text, 'none'))
      WHEN NOT (c.previous IS NULL AND $2) AND ROW(${befores}) IS DISTINCT FROM ROW(${expected})
        THEN format('version %s begins elsewhere than the one before it ended', c.version)
      WHEN c.next IS NULL AND s.user_id IS NULL THEN 'has a history and no row of user_streaks'
      WHEN c.next IS NULL AND s.version <> c.version
        THEN format('history ends with version %s, user_streaks has %s', c.version, s.version)
      WHEN c.next IS NULL AND ROW(c.current_after, c.longest_after, c.qualified_days_after, c.last_qualified_after, c.timezone)
          IS DISTINCT FROM ROW(s.current_run_length, s.longest_run_length, s.qualified_days_count, s.last_qualified_date, s.timezone)
        THEN format('version %s of the history ends elsewhere than user_streaks', c.version)
    END AS fault
  FROM chains c LEFT JOIN user_streaks s USING (user_id, rule_id)`;

const STATES_WITHOUT_HISTORY = `
  SELECT user_id, rule_id, version FROM user_streaks s
  WHERE (version <> 0 OR runs <> '{}') AND NOT EXISTS (
    SELECT FROM streak_history h WHERE h.user_id = s.user_id AND h.rule_id = s.rule_id)`;

const NUMBERING = `
  WITH used AS (
    SELECT out_seq FROM streak_history WHERE shard = $1 UNION ALL SELECT out_seq FROM dead_letters WHERE shard = $1
  )
  SELECT o.out_seq::text AS mark, count(u.out_seq)::text AS numbers, count(DISTINCT u.out_seq)::text AS distinct_numbers,
         least(o.published_seq, o.projected_seq)::text AS done, coalesce(max(u.out_seq), 0)::text AS last,
         count(DISTINCT u.out_seq) FILTER (WHERE u.out_seq > least(o.published_seq, o.projected_seq))::text AS waiting
  FROM outbox_shard o LEFT JOIN used u ON true WHERE o.shard = $1 GROUP BY o.out_seq, o.published_seq, o.projected_seq`;

/**
 * Each user's history: a chain of versions without a gap, each beginning where the one before ended, that ends in the state. It
 * begins with version 1, or with the erasure that has deleted what was before.
 */
export async function checkHistory(
  pool: Pool,
  shards: readonly number[],
  faults: FaultList,
  onShard: () => void,
): Promise<void> {
  const isCut = await isHistoryCut(pool);
  const erased = new Set<number>();
  for (const userId of await readErasedUsers(pool)) erased.add(partitionForKey(userId, shards.length));
  for (const shard of shards) {
    await checkNumbering(pool, shard, erased.has(shard), faults);
    await checkChains(pool, shard, isCut, faults);
    onShard();
  }
  if (isCut) return; // a user's only rows may have been among those dropped
  const { rows } = await pool.query<{ user_id: string; rule_id: string; version: string }>(
    `${STATES_WITHOUT_HISTORY} LIMIT ${MOST_ROWS}`,
  );
  for (const { user_id, rule_id, version } of rows) {
    faults.add('streak_history', `${user_id} (${rule_id}): none for the state of version ${version}`);
  }
}

async function checkChains(pool: Pool, shard: number, isCut: boolean, faults: FaultList): Promise<void> {
  const { rows } = await pool.query<{ user_id: string; rule_id: string; is_left: boolean; fault: string }>(
    `SELECT user_id, rule_id, is_left, fault FROM (${BROKEN_CHAINS}) AS judged WHERE fault IS NOT NULL LIMIT ${MOST_ROWS}`,
    [shard, isCut],
  );
  for (const { user_id, rule_id, is_left, fault } of rows) {
    faults.add(is_left ? 'what was erased is left' : 'streak_history', `${user_id} (${rule_id}): ${fault}`);
  }
}

async function readErasedUsers(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ user_id: string }>(
    'SELECT user_id FROM special_users WHERE erased_at IS NOT NULL',
  );
  return rows.map(({ user_id }) => user_id);
}

/**
 * The numbers of a shard are used once each, and none is missing that has not been published and projected: of the others
 * dead letters may have been purged and old months detached, and where a user was erased any rows of theirs deleted (what that
 * must not hide, a user's broken chain tells).
 */
async function checkNumbering(pool: Pool, shard: number, hasErased: boolean, faults: FaultList): Promise<void> {
  const { rows } = await pool.query<
    Record<'mark' | 'numbers' | 'distinct_numbers' | 'done' | 'last' | 'waiting', string>
  >(NUMBERING, [shard]);
  const [row] = rows;
  if (row === undefined) return;
  const [mark, last, done] = [BigInt(row.mark), BigInt(row.last), BigInt(row.done)];
  if (row.numbers !== row.distinct_numbers) faults.add('outbox numbers', `shard ${shard}: a number was used twice`);
  if (last > mark) faults.add('outbox numbers', `shard ${shard}: row ${last} is above out_seq ${mark}`);
  const missing = mark - done - BigInt(row.waiting);
  if (missing > 0n && !hasErased) {
    faults.add('outbox numbers', `shard ${shard}: ${missing} of the numbers ${done + 1n} to ${mark} are missing`);
  }
}
