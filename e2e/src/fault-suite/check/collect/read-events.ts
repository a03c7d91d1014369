import type { Pool } from 'pg';
import type {
  StoredCheckIn,
  StoredFriendship,
  StoredMember,
  StoredRetraction,
  StoredSession,
  StoredSpecial,
  StoredTotal,
} from '../collected-run';

/** What Postgres keeps of events, and what it counted of them. */
export interface StoredEvents {
  readonly sessions: readonly StoredSession[];
  readonly checkIns: readonly StoredCheckIn[];
  readonly retractions: readonly StoredRetraction[];
  readonly specials: readonly StoredSpecial[];
  readonly members: readonly StoredMember[];
  readonly friendships: readonly StoredFriendship[];
  readonly totals: readonly StoredTotal[];
}

/** Epoch milliseconds of a column, null where it is. */
export const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

export async function readEvents(pool: Pool): Promise<StoredEvents> {
  const read = async <Row extends object>(text: string): Promise<Row[]> => (await pool.query<Row>(text)).rows;
  return {
    sessions: await read(
      `SELECT user_id AS "userId", session_id AS "sessionId", ${ms('start_time')} AS "startMs", ${ms('end_time')} AS "endMs",
              timezone, ${ms('record_time')} AS "recordTimeMs" FROM focus_sessions`,
    ),
    checkIns: await read(
      `SELECT user_id AS "userId", check_in_id AS "checkInId", ${ms('at')} AS "atMs", timezone,
              ${ms('record_time')} AS "recordTimeMs" FROM check_ins`,
    ),
    retractions: await read(
      `SELECT user_id AS "userId", session_id AS "sessionId", ${ms('record_time')} AS "recordTimeMs",
              ${ms('session_record_time')} AS "sessionRecordTimeMs" FROM retracted_sessions`,
    ),
    specials: await read(`SELECT user_id AS "userId", ${ms('erased_at')} AS "erasedAtMs" FROM special_users`),
    members: await read(`SELECT organisation_id AS "organisationId", user_id AS "userId" FROM organisation_members`),
    friendships: await read(
      `SELECT user_a AS first, user_b AS second, is_friend AS "isFriend", ${ms('changed_at')} AS "changedAtMs" FROM friendships`,
    ),
    totals: await read(
      `SELECT rule_id AS rule, user_id AS "userId", local_date::text AS date, total::float8 AS total,
              ${ms('latest_end')} AS "latestEndMs", latest_id AS "latestId", latest_timezone AS "latestTimezone" FROM daily_totals`,
    ),
  };
}
