import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { bucketOf } from '../buckets/lock-buckets';
import { toMs } from '../sql/event-table';
import type { SpecialUser, SpecialUsers } from './special-user';

// One look-up by key per user, whatever the planner believes of the table's size.
const FIND = `
  SELECT k.user_id, s.has_retractions, ${toMs('s.erased_at')} AS erased_at_ms, s.settings
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT has_retractions, erased_at, settings FROM special_users u WHERE u.user_id = k.user_id OFFSET 0
  ) AS s`;

const NOBODY: SpecialUsers = new Map();

/**
 * Those of the users, in any order and repeated as they may be, for whom more counts than sessions and check-ins. To be read
 * once their buckets are held; only users of the marked buckets are looked up.
 */
export async function readSpecials(
  client: ClientBase,
  userIds: Iterable<string>,
  markedBuckets: ReadonlySet<number>,
): Promise<SpecialUsers> {
  if (markedBuckets.size === 0) return NOBODY;
  const distinct = new Set<string>();
  for (const userId of userIds) distinct.add(userId);
  const suspects = [...distinct].filter((userId) => markedBuckets.has(bucketOf(userId)));
  return suspects.length === 0 ? NOBODY : findSpecials(client, suspects.sort(compareUtf8));
}

/** The same of users, distinct, all of whom are looked up. */
export async function findSpecials(client: ClientBase, userIds: readonly string[]): Promise<SpecialUsers> {
  const { rows } = await client.query<{
    user_id: string;
    has_retractions: boolean;
    erased_at_ms: string | null;
    settings: StoredSettings | null;
  }>({ name: 'streaks_find_specials', text: FIND, values: [textArray(userIds)] });
  return new Map(
    rows.map(({ user_id, has_retractions, erased_at_ms, settings }): [string, SpecialUser] => [
      user_id,
      {
        hasRetractions: has_retractions,
        erasedAtMs: erased_at_ms === null ? Number.NEGATIVE_INFINITY : Number(erased_at_ms),
        settings: settings ?? noSettings,
      },
    ]),
  );
}
