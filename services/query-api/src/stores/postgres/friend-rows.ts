import type { Friend, ReadModel } from '../read-model';
import { instantColumn, type PostgresQuery } from './postgres-query';

/** A pair has one row, under the lesser of its ids: each half of the user's friends has an index in the order asked for. */
export const READ_FRIENDS = `
  SELECT friend_id, ${instantColumn('changed_at')} AS since_ms FROM (
    (SELECT user_b AS friend_id, changed_at FROM friendships
      WHERE user_a = $1 AND user_b > $2 AND is_friend ORDER BY user_b LIMIT $3)
    UNION ALL
    (SELECT user_a, changed_at FROM friendships
      WHERE user_b = $1 AND user_a > $2 AND is_friend ORDER BY user_a LIMIT $3)
  ) AS friends ORDER BY friend_id LIMIT $3`;

type FriendRow = { friend_id: string; since_ms: string };

export function createFriendRows(query: PostgresQuery): Pick<ReadModel, 'readFriends'> {
  return {
    async readFriends(userId, aboveId, limit) {
      const rows = await query<FriendRow>('read_friends', READ_FRIENDS, [userId, aboveId ?? '', limit]);
      return rows.map(({ friend_id, since_ms }): Friend => ({ userId: friend_id, sinceMs: Number(since_ms) }));
    },
  };
}
