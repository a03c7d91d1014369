import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { ClientBase } from 'pg';

/** When those of the users who were erased were erased last: record times in epoch milliseconds. To be read once their buckets are held. */
export async function readErasures(
  client: ClientBase,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (userIds.length === 0) return new Map();
  const { rows } = await client.query<{ user_id: string; erased_ms: string }>({
    name: 'friendships_erasures',
    text: `SELECT s.user_id, extract(epoch FROM s.erased_at) * 1000 AS erased_ms
           FROM unnest($1::text[]) AS k(user_id) JOIN special_users s ON s.user_id = k.user_id WHERE s.erased_at IS NOT NULL`,
    values: [textArray(userIds)],
  });
  return new Map(rows.map(({ user_id, erased_ms }) => [user_id, Number(erased_ms)]));
}
