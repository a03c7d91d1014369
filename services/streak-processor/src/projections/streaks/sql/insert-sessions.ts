import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { createCopyRows } from '@streaks/exactly-once/binary/copy-rows';
import type { Session } from '@streaks/shared/domain/session';
import type { ClientBase } from 'pg';
import { hashNumber, hashText, type KnownKeys } from '../memory/known-keys';
import { copyNewRows } from './copy-new-rows';

const EXPECTED_ROW_BYTES = 160;

// The subquery with OFFSET is one look-up by key per id, whatever the planner believes of the table's size.
const FIND_STORED = `
  SELECT k.ord::int AS ord, (extract(epoch FROM s.start_time) * 1000)::bigint AS start_ms,
         (extract(epoch FROM s.end_time) * 1000)::bigint AS end_ms, s.timezone
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_id, session_id, ord)
  CROSS JOIN LATERAL (
    SELECT start_time, end_time, timezone FROM focus_sessions f
    WHERE f.user_id = k.user_id AND f.session_id = k.session_id OFFSET 0
  ) AS s`;

const COPY_NEW = 'COPY focus_sessions (user_id, session_id, start_time, end_time, timezone) FROM STDIN (FORMAT binary)';

const INSERT_MISSING = `
  INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone)
  SELECT user_id, session_id, start_time, end_time, timezone
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
    WITH ORDINALITY AS k(user_id, session_id, start_time, end_time, timezone, ord)
  ORDER BY ord
  ON CONFLICT DO NOTHING
  RETURNING user_id, session_id`;

/**
 * Stores the sessions that are not there yet and returns those that are, by their place in `sessions`, as they were
 * stored: their identity is taken. The sessions are sorted by the bytes of (userId, sessionId) and distinct.
 *
 * The first attempt looks up those that may be there and copies the rest, which is fastest. One that was there all the
 * same, or that another owner stores in between, fails it with 23505: the second attempt looks all of them up, a later one
 * inserts what it can and reads what it could not.
 */
export function insertSessions(
  client: ClientBase,
  sessions: readonly Session[],
  attempt: number,
  known: KnownKeys,
): Promise<ReadonlyMap<number, Session>> {
  known.beginBatch();
  const suspects: number[] = [];
  for (let place = 0; place < sessions.length; place += 1) {
    const { userId, sessionId } = sessions[place] as Session;
    if (known.mayExist(hashNumber(0, hashText(sessionId, hashText(userId)))) || attempt > 0) suspects.push(place);
  }
  return attempt > 1 ? insertMissing(client, sessions) : copyMissing(client, sessions, suspects, known);
}

async function copyMissing(
  client: ClientBase,
  sessions: readonly Session[],
  suspects: readonly number[],
  known: KnownKeys,
): Promise<ReadonlyMap<number, Session>> {
  const stored = await findAt(client, sessions, suspects);
  if (stored.size === sessions.length) return stored;
  const rows = createCopyRows(5, sessions.length * EXPECTED_ROW_BYTES);
  for (let place = 0; place < sessions.length; place += 1) {
    if (stored.has(place)) continue;
    const session = sessions[place] as Session;
    rows.row();
    rows.text(session.userId);
    rows.text(session.sessionId);
    rows.timestamptz(session.startMs);
    rows.timestamptz(session.endMs);
    rows.text(session.timezone);
  }
  await copyNewRows(client, COPY_NEW, rows.finish(), suspects.length < sessions.length ? known : undefined);
  return stored;
}

/** The stored ones among the sessions at some places, by place. */
async function findAt(
  client: ClientBase,
  sessions: readonly Session[],
  places: readonly number[],
): Promise<ReadonlyMap<number, Session>> {
  if (places.length === 0) return new Map();
  const stored = await findStored(
    client,
    places.map((place) => sessions[place] as Session),
  );
  return places.length === sessions.length
    ? stored
    : new Map([...stored].map(([index, session]) => [places[index] as number, session]));
}

async function insertMissing(client: ClientBase, sessions: readonly Session[]): Promise<ReadonlyMap<number, Session>> {
  const result = await client.query<{ user_id: string; session_id: string }>({
    name: 'streaks_insert_sessions',
    text: INSERT_MISSING,
    values: [
      textArray(sessions.map(({ userId }) => userId)),
      textArray(sessions.map(({ sessionId }) => sessionId)),
      timestamptzArray(sessions.map(({ startMs }) => startMs)),
      timestamptzArray(sessions.map(({ endMs }) => endMs)),
      textArray(sessions.map(({ timezone }) => timezone)),
    ],
  });
  // No id holds a space.
  const inserted = new Set(result.rows.map((row) => `${row.user_id} ${row.session_id}`));
  const lost = [...sessions.keys()].filter((place) => !inserted.has(identityOf(sessions[place] as Session)));
  // A new statement sees what the other owner committed while the insert waited for it.
  return findAt(client, sessions, lost);
}

async function findStored(client: ClientBase, sessions: readonly Session[]): Promise<Map<number, Session>> {
  const { rows } = await client.query<{ ord: number; start_ms: string; end_ms: string; timezone: string }>({
    name: 'streaks_find_sessions',
    text: FIND_STORED,
    values: [textArray(sessions.map(({ userId }) => userId)), textArray(sessions.map(({ sessionId }) => sessionId))],
  });
  return new Map(
    rows.map(({ ord, start_ms, end_ms, timezone }) => {
      const { userId, sessionId } = sessions[ord - 1] as Session;
      return [ord - 1, { userId, sessionId, startMs: Number(start_ms), endMs: Number(end_ms), timezone }];
    }),
  );
}

const identityOf = ({ userId, sessionId }: Session): string => `${userId} ${sessionId}`;
