import type { ClientBase } from 'pg';
import { withoutRecordedUpTo } from './friendship-register';
import { type FriendshipRow, type StoredPair, toFriendship, writeFriendships } from './sql/friendship-rows';

/** An erased user: what was recorded up to the instant (epoch milliseconds) never was. */
export interface ErasedUser {
  readonly userId: string;
  readonly erasedAtMs: number;
}

const FIND = `
  SELECT f.user_a, f.user_b, f.is_friend, extract(epoch FROM f.changed_at) * 1000 AS changed_ms,
         extract(epoch FROM f.record_time) * 1000 AS recorded_ms, f.overruled
  FROM friendships f
  WHERE (f.user_a = $1 OR f.user_b = $1) AND f.record_time <= to_timestamp($2::float8 / 1000)`;

const DELETE = `
  DELETE FROM friendships f USING unnest($1::text[], $2::text[]) AS k(user_a, user_b)
  WHERE f.user_a = k.user_a AND f.user_b = k.user_b`;

/**
 * Takes what was recorded up to their erasure out of the users' friendships. The users' buckets must be held exclusively: then
 * nobody else holds a row of theirs.
 */
export async function eraseFriendships(client: ClientBase, users: readonly ErasedUser[]): Promise<void> {
  for (const { userId, erasedAtMs } of users) {
    const { rows } = await client.query<FriendshipRow & { user_a: string; user_b: string }>(FIND, [userId, erasedAtMs]);
    const left: StoredPair[] = rows.map((row) => ({
      first: row.user_a,
      second: row.user_b,
      friendship: withoutRecordedUpTo(toFriendship(row), erasedAtMs),
    }));
    const gone = left.filter(({ friendship }) => friendship.length === 0);
    const kept = left.filter(({ friendship }) => friendship.length > 0);
    if (gone.length > 0) await client.query(DELETE, [gone.map(({ first }) => first), gone.map(({ second }) => second)]);
    if (kept.length > 0) await writeFriendships(client, kept);
  }
}
