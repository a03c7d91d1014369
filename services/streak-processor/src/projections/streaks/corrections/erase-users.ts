import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import type { ClientBase } from 'pg';
import { type ErasedUser, eraseFriendships } from '../../../friendships/erase-friendships';

const USERS = 'unnest($1::text[], $2::timestamptz[]) AS k(user_id, erased_at)';

// A session that was recorded after its retraction counts again once the erasure has taken the retraction away.
const DELETE_RETRACTIONS = `
  WITH gone AS (
    DELETE FROM retracted_sessions r USING ${USERS}
    WHERE r.user_id = k.user_id AND r.record_time <= k.erased_at
    RETURNING r.user_id, r.session_id, r.start_time, r.end_time, r.timezone, r.session_record_time, k.erased_at
  )
  INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone, record_time)
  SELECT user_id, session_id, start_time, end_time, timezone, session_record_time FROM gone
  WHERE session_record_time > erased_at`;

const deleteRecorded = (table: string): string =>
  `DELETE FROM ${table} e USING ${USERS} WHERE e.user_id = k.user_id AND e.record_time <= k.erased_at`;

const DELETE_TOTALS = `DELETE FROM daily_totals t USING ${USERS} WHERE t.user_id = k.user_id`;

const DELETE_HISTORY = `DELETE FROM streak_history h USING ${USERS} WHERE h.user_id = k.user_id`;

// A record whose value could not be read is the user's whose id is its key.
const DELETE_UNREADABLE = `
  DELETE FROM dead_letters d USING ${USERS}
  WHERE d.user_id IS NULL AND d.key = convert_to(k.user_id, 'UTF8') AND d.record_time <= k.erased_at`;

/**
 * Deletes what was recorded of the users up to their erasure, and their totals, which are to be counted anew from what remains.
 * Their earlier history goes too: a change that tells of the erasure begins it anew. Their buckets must be held exclusively; or
 * the tables are those of a rebuild (`isShadow`), which has no history and no dead letters.
 */
export async function eraseUsers(
  client: ClientBase,
  users: readonly ErasedUser[],
  { isShadow }: { readonly isShadow: boolean },
): Promise<void> {
  const values = [
    textArray(users.map(({ userId }) => userId)),
    timestamptzArray(users.map(({ erasedAtMs }) => erasedAtMs)),
  ];
  await client.query(deleteRecorded('focus_sessions'), values);
  await client.query(DELETE_RETRACTIONS, values);
  await client.query(deleteRecorded('check_ins'), values);
  await client.query(DELETE_TOTALS, values);
  await eraseFriendships(client, users);
  if (isShadow) return;
  await client.query(DELETE_HISTORY, values);
  await client.query(deleteRecorded('dead_letters'), values);
  await client.query(DELETE_UNREADABLE, values);
}
