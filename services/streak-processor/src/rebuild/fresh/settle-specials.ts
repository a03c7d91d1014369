import { int4Array, textArray } from '@streaks/exactly-once/binary/array-parameters';
import { organisationIdsOf } from '@streaks/shared/domain/settings/effective-settings';
import { withoutRecordedUpTo } from '@streaks/shared/domain/settings/stored-settings';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { bucketOf } from '../../projections/streaks/buckets/lock-buckets';
import { eraseUsers } from '../../projections/streaks/corrections/erase-users';
import { findSpecials } from '../../projections/streaks/specials/read-specials';
import type { SpecialUsers } from '../../projections/streaks/specials/special-user';

const MARK_RETRACTIONS = `
  INSERT INTO special_users (user_id, has_retractions)
  SELECT DISTINCT user_id, true FROM retracted_sessions WHERE user_id = ANY($1::text[])
  ON CONFLICT (user_id) DO UPDATE SET has_retractions = true`;

const DELETE_RETRACTED = `
  DELETE FROM focus_sessions s USING retracted_sessions r
  WHERE r.user_id = ANY($1::text[]) AND s.user_id = r.user_id AND s.session_id = r.session_id`;

const SAVE_SETTINGS = `
  UPDATE special_users s SET settings = k.settings::jsonb FROM unnest($1::text[], $2::text[]) AS k(user_id, settings)
  WHERE s.user_id = k.user_id`;

const MARK_BUCKETS = 'INSERT INTO special_buckets (bucket) SELECT unnest($1::int[]) ON CONFLICT DO NOTHING';

const CREATE_ORGANISATIONS = `
  INSERT INTO organisations (organisation_id) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING`;

const JOIN = `
  INSERT INTO organisation_members (organisation_id, user_id) SELECT * FROM unnest($1::text[], $2::text[])`;

/**
 * What follows from the settings, retractions and erasures that are stored of users, distinct and sorted by the bytes of their ids:
 * nothing erased or retracted is left, and whoever looks for them by bucket or organisation finds them.
 */
export async function settleSpecials(client: ClientBase, userIds: readonly string[]): Promise<void> {
  await client.query(MARK_RETRACTIONS, [textArray(userIds)]);
  await repeatErasures(client, await findSpecials(client, userIds));
  await client.query(DELETE_RETRACTED, [textArray(userIds)]);
  const specials = await findSpecials(client, userIds);
  await client.query(MARK_BUCKETS, [int4Array([...new Set([...specials.keys()].map(bucketOf))])]);
  const memberships = [...specials].flatMap(([userId, { settings }]) =>
    organisationIdsOf(settings).map((organisationId) => ({ organisationId, userId })),
  );
  const organisationIds = textArray(memberships.map(({ organisationId }) => organisationId));
  await client.query(CREATE_ORGANISATIONS, [organisationIds]);
  await client.query(JOIN, [organisationIds, textArray(memberships.map(({ userId }) => userId))]);
}

async function repeatErasures(client: ClientBase, specials: SpecialUsers): Promise<void> {
  const erased = [...specials]
    .filter(([, { erasedAtMs }]) => Number.isFinite(erasedAtMs))
    .map(([userId, { erasedAtMs, settings }]) => ({ userId, erasedAtMs, settings }))
    .sort((one, other) => compareUtf8(one.userId, other.userId));
  if (erased.length === 0) return;
  await eraseUsers(client, erased, { isShadow: true });
  const changed = erased.flatMap(({ userId, erasedAtMs, settings }) => {
    const left = withoutRecordedUpTo(settings, erasedAtMs);
    return left === settings ? [] : [{ userId, left }];
  });
  if (changed.length === 0) return;
  await client.query(SAVE_SETTINGS, [
    textArray(changed.map(({ userId }) => userId)),
    textArray(changed.map(({ left }) => (Object.keys(left).length === 0 ? null : JSON.stringify(left)))),
  ]);
}
