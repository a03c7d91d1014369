import type { CheckInRecord, ReadModel, SessionRecord } from '../read-model';
import { instantColumn, type PostgresQuery } from './postgres-query';

/** A dead letter (a conflict, say) is looked for only where nothing was applied under the id. */
const LETTER = `
    LEFT JOIN LATERAL (
      SELECT reason, detail FROM dead_letters
       WHERE user_id = $1 AND event_id = $2 AND applied.timezone IS NULL
       ORDER BY first_seen DESC, "offset" DESC LIMIT 1
    ) AS letter ON true`;

const READ_SESSION = `
  SELECT ${instantColumn('applied.start_time')} AS start_ms, ${instantColumn('applied.end_time')} AS end_ms,
         applied.timezone, retracted.user_id IS NOT NULL AS is_retracted, letter.reason, letter.detail
    FROM (VALUES ($1::text, $2::text)) AS asked (user_id, session_id)
    LEFT JOIN focus_sessions AS applied USING (user_id, session_id)
    LEFT JOIN retracted_sessions AS retracted USING (user_id, session_id)
    ${LETTER}`;

const READ_CHECK_IN = `
  SELECT ${instantColumn('applied.at')} AS at_ms, applied.timezone, letter.reason, letter.detail
    FROM (VALUES ($1::text, $2::text)) AS asked (user_id, check_in_id)
    LEFT JOIN check_ins AS applied USING (user_id, check_in_id)
    ${LETTER}`;

type Letter = { reason: string | null; detail: string | null };
type SessionRow = Letter & {
  start_ms: string | null;
  end_ms: string | null;
  timezone: string | null;
  is_retracted: boolean;
};
type CheckInRow = Letter & { at_ms: string | null; timezone: string | null };

/** What became of events, one by one. */
export function createEventRecords(query: PostgresQuery): Pick<ReadModel, 'readSession' | 'readCheckIn'> {
  return {
    async readSession(userId, sessionId) {
      const [row] = await query<SessionRow>('read_session', READ_SESSION, [userId, sessionId]);
      return row === undefined ? undefined : toSessionRecord(row);
    },
    async readCheckIn(userId, checkInId) {
      const [row] = await query<CheckInRow>('read_check_in', READ_CHECK_IN, [userId, checkInId]);
      return row === undefined ? undefined : toCheckInRecord(row);
    },
  };
}

function toSessionRecord(row: SessionRow): SessionRecord | undefined {
  if (row.is_retracted) {
    return { status: 'retracted' };
  }
  return row.timezone === null
    ? toRejected(row)
    : { status: 'processed', startMs: Number(row.start_ms), endMs: Number(row.end_ms), timezone: row.timezone };
}

function toCheckInRecord(row: CheckInRow): CheckInRecord | undefined {
  return row.timezone === null
    ? toRejected(row)
    : { status: 'processed', atMs: Number(row.at_ms), timezone: row.timezone };
}

function toRejected({ reason, detail }: Letter) {
  return reason === null ? undefined : { status: 'rejected' as const, reason, detail: detail ?? '' };
}
