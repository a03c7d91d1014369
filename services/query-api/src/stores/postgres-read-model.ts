import { type LocalDay, parseIsoDate, toIsoDate } from '@streaks/shared/domain/local-day';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { Pool, QueryResultRow } from 'pg';
import type { DailyTotal, ReadModel, SessionRecord, StoredStreak } from './read-model';
import type { StoreCircuit } from './store-circuit';

// All statements are prepared once per connection. Dates, 64-bit numbers and instants are read as text or epoch
// milliseconds: the driver's own types would bring the time zone of this process in.

const READ_STREAKS = `
  SELECT user_id, rule_id, runs::text AS runs, timezone, version::text AS version,
         (SELECT generation::text FROM projection_generation) AS generation
    FROM user_streaks
   WHERE user_id = ANY($1::text[]) AND rule_id = ANY($2::text[])`;

const READ_TOTALS_ON = `
  SELECT rule_id, to_char(local_date, 'YYYY-MM-DD') AS day, total::text AS total
    FROM daily_totals
   WHERE user_id = $1 AND local_date = ANY($2::text[]::date[])`;

const READ_DAILY_TOTALS = `
  SELECT rule_id, to_char(local_date, 'YYYY-MM-DD') AS day, total::text AS total
    FROM daily_totals
   WHERE user_id = $1 AND rule_id = $2
     AND local_date >= coalesce($3::date, '-infinity') AND local_date <= coalesce($4::date, 'infinity')
   ORDER BY local_date DESC
   LIMIT $5`;

/** A dead letter (a conflict, say) is looked for only where no session was applied under the id. */
const READ_SESSION = `
  SELECT (extract(epoch FROM session.start_time) * 1000)::bigint::text AS start_ms,
         (extract(epoch FROM session.end_time) * 1000)::bigint::text AS end_ms,
         session.timezone, letter.reason, letter.detail
    FROM (VALUES ($1::text, $2::text)) AS asked (user_id, session_id)
    LEFT JOIN focus_sessions AS session USING (user_id, session_id)
    LEFT JOIN LATERAL (
      SELECT reason, detail FROM dead_letters
       WHERE user_id = $1 AND event_id = $2 AND session.timezone IS NULL
       ORDER BY first_seen DESC, "offset" DESC LIMIT 1
    ) AS letter ON true`;

type StreakRow = {
  user_id: string;
  rule_id: string;
  runs: string;
  timezone: string | null;
  version: string;
  generation: string;
};
type TotalRow = { rule_id: string; day: string; total: string };
type SessionRow = {
  start_ms: string | null;
  end_ms: string | null;
  timezone: string | null;
  reason: string | null;
  detail: string | null;
};

export interface PostgresReadModelOptions {
  readonly pool: Pool;
  readonly circuit: StoreCircuit;
  /** A query without an answer after this long is given up and its connection closed. */
  readonly timeoutMs: number;
}

export function createPostgresReadModel({ pool, circuit, timeoutMs }: PostgresReadModelOptions): ReadModel {
  function query<Row extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    const statement = { name, text, values, query_timeout: timeoutMs };
    return circuit.run(async () => (await pool.query<Row>(statement)).rows);
  }

  return {
    async readStreaks(userIds, ruleIds) {
      return (await query<StreakRow>('read_streaks', READ_STREAKS, [userIds, ruleIds])).map(toStoredStreak);
    },
    async readTotalsOn(userId, days) {
      return (await query<TotalRow>('read_totals_on', READ_TOTALS_ON, [userId, days.map(toIsoDate)])).map(toDailyTotal);
    },
    async readDailyTotals(userId, ruleId, { from, to }, limit) {
      const bounds = [from, to].map((day) => (day === null ? null : toIsoDate(day)));
      const rows = await query<TotalRow>('read_daily_totals', READ_DAILY_TOTALS, [userId, ruleId, ...bounds, limit]);
      return rows.map(toDailyTotal).reverse();
    },
    async readSession(userId, sessionId) {
      const [row] = await query<SessionRow>('read_session', READ_SESSION, [userId, sessionId]);
      return row === undefined ? undefined : toSessionRecord(row);
    },
    async ping() {
      await query('ping', 'SELECT 1', []);
    },
  };
}

function toStoredStreak(row: StreakRow): StoredStreak {
  return {
    userId: row.user_id,
    ruleId: row.rule_id,
    state: { runs: parseRuns(row.runs), timezone: row.timezone, version: Number(row.version) },
    generation: BigInt(row.generation),
  };
}

function toDailyTotal({ rule_id: ruleId, day, total }: TotalRow): DailyTotal {
  return { ruleId, day: parseIsoDate(day) as LocalDay, totalMs: Number(total) };
}

function toSessionRecord(row: SessionRow): SessionRecord | undefined {
  if (row.timezone !== null) {
    return {
      status: 'processed',
      startMs: Number(row.start_ms),
      endMs: Number(row.end_ms),
      timezone: row.timezone,
    };
  }
  return row.reason === null ? undefined : { status: 'rejected', reason: row.reason, detail: row.detail ?? '' };
}
