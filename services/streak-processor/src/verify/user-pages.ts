import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/local-day';
import type { Session } from '@streaks/shared/domain/session';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { Pool, PoolClient } from 'pg';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import type { StoredDay, StoredStreak, StoredUser } from './stored-user';

/** Users that follow each other by the bytes of their id. */
export interface UserPage {
  readonly users: readonly StoredUser[];
  readonly sessions: number;
}

const TABLES = ['focus_sessions', 'daily_totals', 'user_streaks'] as const;

// The user who owns the n-th row from here on, in whichever table he comes first: no table has more rows than that in a
// page, but for those of its last user.
const PAGE_END = `SELECT least(${TABLES.map(
  (table) => `(SELECT user_id FROM ${table} WHERE user_id > $1 ORDER BY user_id OFFSET $2 LIMIT 1)`,
).join(', ')}) AS last`;

const epochMs = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

/**
 * Every user that any of the three tables knows, in pages of some `pageRows` rows of each table. Each page is read in one
 * repeatable-read transaction, so the tables agree with each other also while processors write.
 */
export async function* readUserPages(pool: Pool, pageRows: number): AsyncGenerator<UserPage> {
  let after = '';
  for (;;) {
    const { page, last } = await inSnapshot(pool, (client) => readPage(client, after, pageRows));
    yield page;
    if (last === null) return;
    after = last;
  }
}

/** What is read on the client belongs to one moment. */
export async function inSnapshot<T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // Before the snapshot is taken: one older than the swap of a rebuild would not see all rows of the tables that it brought.
    await client.query(`LOCK TABLE ${TABLES.join(', ')} IN ACCESS SHARE MODE`);
    const answer = await read(client);
    await client.query('COMMIT');
    isBroken = false;
    return answer;
  } finally {
    client.release(isBroken);
  }
}

async function readPage(
  client: PoolClient,
  after: string,
  pageRows: number,
): Promise<{ readonly page: UserPage; readonly last: string | null }> {
  const ends = await client.query<{ last: string | null }>(PAGE_END, [after, pageRows]);
  const last = ends.rows[0]?.last ?? null;
  const range = last === null ? 'user_id > $1' : 'user_id > $1 AND user_id <= $2';
  const bounds = last === null ? [after] : [after, last];
  const users = new Map<string, { sessions: Session[]; days: Map<LocalDay, StoredDay>; streak?: StoredStreak }>();
  const user = (userId: string) => {
    let known = users.get(userId);
    if (known === undefined) {
      known = { sessions: [], days: new Map() };
      users.set(userId, known);
    }
    return known;
  };

  const sessions = await client.query<Record<'user_id' | 'session_id' | 'start_ms' | 'end_ms' | 'timezone', string>>(
    `SELECT user_id, session_id, ${epochMs('start_time')} AS start_ms, ${epochMs('end_time')} AS end_ms, timezone
     FROM focus_sessions WHERE ${range}`,
    bounds,
  );
  for (const { user_id: userId, session_id: sessionId, start_ms, end_ms, timezone } of sessions.rows) {
    user(userId).sessions.push({ userId, sessionId, startMs: Number(start_ms), endMs: Number(end_ms), timezone });
  }
  const days = await client.query<Record<'user_id' | 'day' | 'total' | 'end_ms' | 'id' | 'timezone', string>>(
    `SELECT user_id, local_date::text AS day, total, ${epochMs('latest_end')} AS end_ms, latest_id AS id,
            latest_timezone AS timezone
     FROM daily_totals WHERE ${range} AND rule_id = '${FOCUS_RULE}'`,
    bounds,
  );
  for (const { user_id, day, total, end_ms, id, timezone } of days.rows) {
    user(user_id).days.set(requireDay(day), {
      totalMs: Number(total),
      latest: { endMs: Number(end_ms), id, timezone },
    });
  }
  for (const [userId, streak] of await readStreakRows(client, range, bounds)) user(userId).streak = streak;
  const found = [...users].map(([userId, { sessions: own, days: ownDays, streak }]) => {
    return { userId, sessions: own, days: ownDays, streak };
  });
  return { page: { users: found, sessions: sessions.rows.length }, last };
}

async function readStreakRows(
  client: PoolClient,
  range: string,
  bounds: readonly string[],
): Promise<readonly (readonly [string, StoredStreak])[]> {
  const { rows } = await client.query<{
    user_id: string;
    runs: string;
    timezone: string | null;
    version: string;
    current: number;
    longest: number;
    last_date: string | null;
    days: number;
  }>(
    `SELECT user_id, runs::text AS runs, timezone, version, current_run_length AS current, longest_run_length AS longest,
            last_qualified_date::text AS last_date, qualified_days_count AS days
     FROM user_streaks WHERE ${range} AND rule_id = '${FOCUS_RULE}'`,
    [...bounds],
  );
  return rows.map((row) => [
    row.user_id,
    {
      runs: parseRuns(row.runs),
      timezone: row.timezone,
      version: Number(row.version),
      currentRunLength: row.current,
      longest: row.longest,
      lastQualifiedDate: row.last_date === null ? null : requireDay(row.last_date),
      qualifiedDaysCount: row.days,
    },
  ]);
}

function requireDay(text: string): LocalDay {
  const day = parseIsoDate(text);
  if (day === undefined) throw new RangeError(`${text} is no date of the years 0001 to 9999`);
  return day;
}
