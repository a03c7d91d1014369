import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { recomputeUsers } from '../../projections/streaks/corrections/recompute-totals';
import { recountEach } from '../../projections/streaks/corrections/recount-users';
import { findSpecials } from '../../projections/streaks/specials/read-specials';
import { readUserRules } from '../../projections/streaks/specials/user-rules';
import { toMs } from '../../projections/streaks/sql/event-table';
import { NIL_TOPIC_ID } from '../rebuild-input';

const LATEST_RECORDS = `
  SELECT k.user_id, ${toMs(`greatest(
    (SELECT max(record_time) FROM focus_sessions s WHERE s.user_id = k.user_id),
    (SELECT max(record_time) FROM check_ins c WHERE c.user_id = k.user_id))`)} AS latest_ms
  FROM unnest($1::text[]) AS k(user_id)`;

/**
 * Counts totals and streaks of users, distinct and sorted by the bytes of their ids, from their facts in the fresh tables, as if
 * there were none yet. Their states count as changed by the latest of their events.
 */
export async function recountFresh(
  client: ClientBase,
  userIds: readonly string[],
  targets: DefaultTargets,
): Promise<void> {
  if (userIds.length === 0) return;
  const users = [textArray(userIds)];
  await client.query('DELETE FROM daily_totals WHERE user_id = ANY($1::text[])', users);
  await recomputeUsers(client, userIds);
  const latest = await client.query<{ user_id: string; latest_ms: string | null }>(LATEST_RECORDS, users);
  const latestMs = new Map(latest.rows.map(({ user_id, latest_ms }) => [user_id, Number(latest_ms ?? 0)]));
  const rules = await readUserRules(client, await findSpecials(client, userIds), targets);
  const recounts = userIds.map((userId) => ({
    userId,
    cause: {
      topicId: NIL_TOPIC_ID,
      partition: 0,
      offset: 0n,
      recordTimeMs: latestMs.get(userId) ?? 0,
      requestId: null,
    },
  }));
  await recountEach(client, recounts, rules, targets);
}
