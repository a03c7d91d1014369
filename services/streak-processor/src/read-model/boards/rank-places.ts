import type { Queryable } from '@streaks/exactly-once/sql/progress';

// `board_places` by one statement each: what a user has there is what user_streaks says in the same snapshot.

const COLUMNS = 'user_id, rule_id, qualified_days, longest_streak, latest_streak, updated_at, expires_at';

/** `present` holds the keys of users and, of those who have one, the row of user_streaks. */
const PLACE = `
  gone AS (
    DELETE FROM board_places p USING present n
    WHERE p.user_id = n.user_id AND p.rule_id = n.rule_id AND (n.is_unlisted IS NOT FALSE OR n.qualified_days_count = 0)
  ),
  placed AS (
    INSERT INTO board_places AS p (${COLUMNS})
    SELECT user_id, rule_id, qualified_days_count, longest_run_length, current_run_length, date_trunc('milliseconds', updated_at),
           coalesce(expires_at, '1970-01-01T00:00:00Z')
    FROM present WHERE NOT is_unlisted AND qualified_days_count > 0 ORDER BY user_id, rule_id
    ON CONFLICT (user_id, rule_id) DO UPDATE SET qualified_days = excluded.qualified_days, longest_streak = excluded.longest_streak,
      latest_streak = excluded.latest_streak, updated_at = excluded.updated_at, expires_at = excluded.expires_at
    WHERE (p.qualified_days, p.longest_streak, p.latest_streak, p.updated_at, p.expires_at)
      IS DISTINCT FROM (excluded.qualified_days, excluded.longest_streak, excluded.latest_streak, excluded.updated_at, excluded.expires_at)
    RETURNING 1
  )`;

// Numbers of dead letters have no row of history: past the last page the mark is where the outbox ends.
const RANK_SHARD = `
  WITH mark AS MATERIALIZED (
    SELECT m.ranked_seq, o.out_seq FROM board_marks m JOIN outbox_shard o USING (shard) WHERE m.shard = $1 FOR UPDATE OF m
  ),
  page AS MATERIALIZED (
    SELECT h.user_id, h.rule_id, h.out_seq FROM mark, LATERAL (
      SELECT user_id, rule_id, out_seq FROM streak_history
      WHERE shard = $1 AND out_seq > mark.ranked_seq ORDER BY out_seq LIMIT $2
    ) h
  ),
  present AS MATERIALIZED (
    SELECT k.user_id, k.rule_id, s.qualified_days_count, s.longest_run_length, s.current_run_length, s.updated_at, s.expires_at, s.is_unlisted
    FROM (SELECT DISTINCT user_id, rule_id FROM page) k LEFT JOIN user_streaks s USING (user_id, rule_id)
  ),
  ${PLACE}
  UPDATE board_marks m SET ranked_seq = CASE WHEN p.rows < $2 THEN greatest(mark.out_seq, mark.ranked_seq) ELSE p.last_seq END
  FROM mark, (SELECT count(*) AS rows, max(out_seq) AS last_seq FROM page) p WHERE m.shard = $1
  RETURNING (SELECT count(*)::int FROM placed) AS placed, p.rows = $2 AS "hasMore"`;

const COMPARE_PAGE = `
  WITH range AS MATERIALIZED (
    SELECT max(user_id) AS last, count(*) AS users FROM (
      SELECT DISTINCT user_id FROM user_streaks WHERE user_id > $1 ORDER BY user_id LIMIT $2
    ) u
  ),
  present AS MATERIALIZED (
    SELECT s.user_id, s.rule_id, s.qualified_days_count, s.longest_run_length, s.current_run_length, s.updated_at, s.expires_at, s.is_unlisted
    FROM range, user_streaks s WHERE s.user_id > $1 AND s.user_id <= range.last
  ),
  unknown AS (
    DELETE FROM board_places p USING range WHERE p.user_id > $1 AND (range.users < $2 OR p.user_id <= range.last)
      AND NOT EXISTS (SELECT FROM user_streaks s WHERE s.user_id = p.user_id AND s.rule_id = p.rule_id)
  ),
  ${PLACE}
  SELECT CASE WHEN users = $2 THEN last END AS last, (SELECT count(*)::int FROM placed) AS placed FROM range`;

export interface RankedPage {
  /** Users whose place is another one now. */
  readonly placed: number;
  /** Whether the page was full: there may be more. */
  readonly hasMore: boolean;
}

/** Brings the users of the next changes of a shard to where user_streaks says, and moves the mark, at once. */
export async function rankShard(store: Queryable, shard: number, pageRows: number): Promise<RankedPage> {
  const { rows } = await store.query<RankedPage>(RANK_SHARD, [shard, pageRows]);
  return rows[0] ?? { placed: 0, hasMore: false };
}

/** The shards whose changes are not all in `board_places`. A shard that has no mark yet gets one at its beginning. */
export async function readShardsBehind(store: Queryable): Promise<readonly number[]> {
  const { rows } = await store.query<{ shard: number; ranked_seq: string | null }>(
    `SELECT o.shard, m.ranked_seq FROM outbox_shard o LEFT JOIN board_marks m USING (shard)
     WHERE m.ranked_seq IS NULL OR m.ranked_seq < o.out_seq ORDER BY o.shard`,
  );
  if (rows.some((row) => row.ranked_seq === null)) {
    await store.query(
      `INSERT INTO board_marks SELECT shard, 0, generation FROM outbox_shard, projection_generation ON CONFLICT DO NOTHING`,
    );
  }
  return rows.map(({ shard }) => shard);
}

/** The generation, where all users are to be compared with user_streaks once: a rebuild has changed rows past the history. */
export async function readGenerationToCompare(store: Queryable): Promise<bigint | undefined> {
  const { rows } = await store.query<{ generation: string }>(
    `SELECT generation FROM projection_generation g WHERE EXISTS (SELECT FROM board_marks m WHERE m.generation <> g.generation)`,
  );
  return rows[0] === undefined ? undefined : BigInt(rows[0].generation);
}

/** Compares a page of users from after one on, in the order of their ids. Resolves to the last one; undefined at the end. */
export async function comparePage(store: Queryable, after: string, pageUsers: number): Promise<string | undefined> {
  const { rows } = await store.query<{ last: string | null }>(COMPARE_PAGE, [after, pageUsers]);
  return rows[0]?.last ?? undefined;
}

export async function markCompared(store: Queryable, generation: bigint): Promise<void> {
  await store.query('UPDATE board_marks SET generation = $1', [generation.toString()]);
}
