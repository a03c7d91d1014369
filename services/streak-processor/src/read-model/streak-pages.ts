import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';

interface StreakRow {
  readonly user_id: string;
  readonly rule_id: string;
  readonly runs: string;
  readonly timezone: string | null;
  readonly version: string;
  readonly updated_at_ms: string;
  readonly bridging: Bridging | null;
  readonly is_unlisted: boolean;
}

/** Versions are counted in JavaScript too: far below 2^53. */
const toWrite = (row: StreakRow, generation: bigint): StreakWrite => ({
  userId: row.user_id,
  ruleId: row.rule_id,
  generation,
  state: {
    runs: parseRuns(row.runs),
    timezone: row.timezone,
    version: Number(row.version),
    updatedAtMs: Number(row.updated_at_ms),
    ...(row.bridging === null ? {} : { bridging: row.bridging }),
    ...(row.is_unlisted ? { isUnlisted: true } : {}),
  },
});

const COLUMNS = `s.user_id, s.rule_id, s.runs::text AS runs, s.timezone, s.version::text AS version,
  floor(extract(epoch FROM s.updated_at) * 1000)::bigint::text AS updated_at_ms, s.bridging, s.is_unlisted`;

/** Every state that has ever changed, page by page in key order. */
export async function* readAllStreaks(pool: Pool, generation: bigint, pageRows: number): AsyncGenerator<StreakWrite[]> {
  let after: readonly [string, string] = ['', ''];
  for (;;) {
    const { rows } = await pool.query<StreakRow>(
      `SELECT ${COLUMNS} FROM user_streaks s
       WHERE (s.user_id, s.rule_id) > ($1, $2) AND s.version > 0 ORDER BY s.user_id, s.rule_id LIMIT $3`,
      [...after, pageRows],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = [last.user_id, last.rule_id];
    yield rows.map((row) => toWrite(row, generation));
  }
}

export interface ShardPage {
  readonly writes: readonly StreakWrite[];
  /** Rows of history covered, and the number of the last one. */
  readonly rows: number;
  readonly lastSeq: bigint | undefined;
}

/** The present states of the users whose changes come next in a shard: at least as new as those changes. */
export async function readShardPage(
  pool: Pool,
  request: { readonly shard: number; readonly afterSeq: bigint; readonly limit: number; readonly generation: bigint },
): Promise<ShardPage> {
  const { rows } = await pool.query<StreakRow & { rows: number; last_seq: string }>(
    `WITH page AS MATERIALIZED (
       SELECT user_id, rule_id, out_seq FROM streak_history WHERE shard = $1 AND out_seq > $2 ORDER BY out_seq LIMIT $3
     ), reach AS (SELECT count(*)::int AS rows, max(out_seq)::text AS last_seq FROM page)
     SELECT ${COLUMNS}, reach.rows, reach.last_seq
     FROM reach, (SELECT DISTINCT user_id, rule_id FROM page) k JOIN user_streaks s USING (user_id, rule_id)`,
    [request.shard, request.afterSeq.toString(), request.limit],
  );
  const [first] = rows;
  return {
    writes: rows.map((row) => toWrite(row, request.generation)),
    rows: first?.rows ?? 0,
    lastSeq: first && BigInt(first.last_seq),
  };
}
