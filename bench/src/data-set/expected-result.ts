import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { addDays, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { Session } from '@streaks/shared/domain/events/session';
import { foldSessions } from '@streaks/shared/domain/streaks/day-totals';
import { qualifiedDaysCount, type Runs } from '@streaks/shared/domain/streaks/runs';
import type { Pool } from 'pg';

type Queryable = Pick<Pool, 'query'>;

/** What Postgres must hold after a data set, small enough to compare and to print. */
export interface ResultChecksum {
  readonly sessions: number;
  readonly days: number;
  readonly totalMs: number;
  readonly qualifiedDays: number;
  /** Over every user's runs and zone, in the order of the bytes of the user ids. */
  readonly streaksDigest: string;
}

/** Sessions that the tables held already. */
export interface HeldBefore {
  readonly userIds: readonly string[];
  sessionsOf(userId: string): readonly Session[];
}

/** Worked out from nothing, user by user. */
export function expectedChecksum(events: readonly Session[], targetMs: number, before?: HeldBefore): ResultChecksum {
  const byUser = new Map<string, Session[]>(before?.userIds.map((userId) => [userId, []]));
  for (const event of events) {
    const ofUser = byUser.get(event.userId);
    if (ofUser === undefined) byUser.set(event.userId, [event]);
    else ofUser.push(event);
  }
  const userIds = [...byUser.keys()].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const digest = createHash('md5');
  let sessions = 0;
  let days = 0;
  let totalMs = 0;
  let qualifiedDays = 0;
  for (const userId of userIds) {
    const ofUser = [...(before?.sessionsOf(userId) ?? []), ...(byUser.get(userId) ?? [])];
    const { dailyTotals, state } = foldSessions(ofUser, targetMs);
    sessions += new Set(ofUser.map(({ sessionId }) => sessionId)).size;
    days += dailyTotals.size;
    for (const { milliseconds } of dailyTotals.values()) totalMs += milliseconds;
    qualifiedDays += qualifiedDaysCount(state.runs);
    if (state.runs.length > 0) digest.update(`${userId} ${asMultirange(state.runs)} ${state.timezone}\n`);
  }
  return { sessions, days, totalMs, qualifiedDays, streaksDigest: digest.digest('hex') };
}

/** The same of a database; also checks that the history is an unbroken chain that ends in the states. */
export const STORED_CHECKSUM_SQL = `
  SELECT (SELECT count(*) FROM focus_sessions)::int AS sessions, (SELECT count(*) FROM daily_totals)::int AS days,
    (SELECT sum(total) FROM daily_totals)::bigint AS total_ms,
    (SELECT sum(qualified_days_count) FROM user_streaks)::int AS qualified_days,
    (SELECT md5(string_agg(user_id || ' ' || runs::text || ' ' || timezone || E'\\n', '' ORDER BY user_id))
     FROM user_streaks WHERE runs <> '{}') AS streaks_digest,
    (SELECT count(*) FROM user_streaks s
     LEFT JOIN (SELECT user_id, count(*) AS versions, min(version) AS first, max(version) AS last
                FROM (SELECT DISTINCT user_id, version FROM streak_history) AS d GROUP BY user_id) AS h USING (user_id)
     WHERE s.version <> COALESCE(h.versions, 0) OR h.first <> 1 OR h.last <> h.versions)::int AS broken_chains,
    (SELECT count(*) FROM streak_history)::int - (SELECT sum(version) FROM user_streaks)::int AS surplus_history`;

export function storedChecksum(row: Readonly<Record<string, unknown>>): ResultChecksum {
  return {
    sessions: Number(row['sessions']),
    days: Number(row['days']),
    totalMs: Number(row['total_ms']),
    qualifiedDays: Number(row['qualified_days']),
    streaksDigest: String(row['streaks_digest']),
  };
}

/** @throws when the database holds anything else, or a history that is no unbroken chain */
export async function assertStoredResult(pool: Queryable, expected: ResultChecksum): Promise<void> {
  const { rows } = await pool.query<Record<string, unknown>>(STORED_CHECKSUM_SQL);
  const row = rows[0] ?? {};
  const isBroken = row['broken_chains'] !== 0 || row['surplus_history'] !== 0;
  if (isBroken || !isDeepStrictEqual(storedChecksum(row), expected)) {
    throw new Error(`wrong result: ${JSON.stringify(row)}, expected ${JSON.stringify(expected)}`);
  }
}

function asMultirange(runs: Runs): string {
  const ranges = runs.map(({ first, length }) => `[${toIsoDate(first)},${toIsoDate(addDays(first, length))})`);
  return `{${ranges.join(',')}}`;
}
