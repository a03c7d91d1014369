import { int4Array, textArray } from '@streaks/exactly-once/binary/array-parameters';
import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { organisationIdsOf } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { bucketOf } from '../buckets/lock-buckets';
import type { UserPlan } from './plan-corrections';

const SAVE = `
  INSERT INTO special_users (user_id, has_retractions, erased_at, settings)
  SELECT user_id, has_retractions = 1, erased_at::timestamptz, settings::jsonb
  FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) WITH ORDINALITY AS k(user_id, has_retractions, erased_at, settings, ord)
  ORDER BY k.ord
  ON CONFLICT (user_id) DO UPDATE SET
    has_retractions = excluded.has_retractions, erased_at = excluded.erased_at, settings = excluded.settings`;

const MARK = `INSERT INTO special_buckets (bucket) SELECT unnest($1::int[]) ON CONFLICT DO NOTHING`;

const LEAVE = `
  DELETE FROM organisation_members m USING unnest($1::text[]) AS k(user_id) WHERE m.user_id = k.user_id`;

const JOIN = `
  INSERT INTO organisation_members (organisation_id, user_id)
  SELECT organisation_id, user_id FROM unnest($1::text[], $2::text[]) AS k(organisation_id, user_id)`;

const CREATE_ORGANISATIONS = `
  INSERT INTO organisations (organisation_id)
  SELECT k.id FROM unnest($1::text[]) WITH ORDINALITY AS k(id, ord) ORDER BY k.ord ON CONFLICT DO NOTHING`;

const HOLD_ORGANISATIONS = `
  SELECT count(*) FROM unnest($1::text[]) AS k(id)
  CROSS JOIN LATERAL (SELECT FROM organisations o WHERE o.organisation_id = k.id FOR SHARE) AS o`;

/** Writes what the plans make of their users. Their buckets are held exclusively. */
export async function saveSpecials(
  client: ClientBase,
  plans: readonly UserPlan[],
  markedBuckets: ReadonlySet<number>,
): Promise<void> {
  await client.query(SAVE, [
    textArray(plans.map(({ userId }) => userId)),
    int4Array(plans.map(({ after }) => (after.hasRetractions ? 1 : 0))),
    textArray(plans.map(({ after }) => (Number.isFinite(after.erasedAtMs) ? formatInstant(after.erasedAtMs) : null))),
    textArray(plans.map(({ after }) => (after.settings === noSettings ? null : JSON.stringify(after.settings)))),
  ]);
  const unmarked = new Set(plans.map(({ userId }) => bucketOf(userId)).filter((bucket) => !markedBuckets.has(bucket)));
  if (unmarked.size > 0) await client.query(MARK, [[...unmarked].sort((one, other) => one - other)]);
  await saveMemberships(client, plans);
}

/**
 * Whoever belongs to an organisation at some date is a member. The organisation's row is held FOR SHARE from here on: a change
 * of its settings comes before, and the statements after this one see it, or after, and its pages meet the member.
 */
async function saveMemberships(client: ClientBase, plans: readonly UserPlan[]): Promise<void> {
  const moved = plans.filter(({ before, after }) => before.settings.organisationId !== after.settings.organisationId);
  if (moved.length === 0) return;
  const pairs = moved.flatMap(({ userId, after }) =>
    organisationIdsOf(after.settings).map((organisationId) => ({ organisationId, userId })),
  );
  await client.query(LEAVE, [moved.map(({ userId }) => userId)]);
  if (pairs.length === 0) return;
  await client.query(JOIN, [pairs.map(({ organisationId }) => organisationId), pairs.map(({ userId }) => userId)]);
  const organisationIds = [...new Set(pairs.map(({ organisationId }) => organisationId))].sort(compareUtf8);
  await client.query(CREATE_ORGANISATIONS, [organisationIds]);
  await client.query(HOLD_ORGANISATIONS, [organisationIds]);
}
