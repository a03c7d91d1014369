import { organisationIdsOf } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings, type StoredSettings, withoutRecordedUpTo } from '@streaks/shared/domain/settings/stored-settings';
import { bucketOf } from '../../projections/streaks/buckets/lock-buckets';
import type { FaultList } from '../fault-list';
import type { Recorded, StoredContext, StoredUser } from './stored-user';

/**
 * What retractions, settings and an erasure demand of the other tables: nothing that was retracted or erased is there, and whoever
 * looks for the user by bucket or organisation finds them.
 */
export function checkCorrections(user: StoredUser, context: StoredContext, faults: FaultList): void {
  checkRetractions(user, faults);
  checkErasure(user, faults);
  checkMemberships(user, context, faults);
  const bucket = bucketOf(user.userId);
  if (user.special !== undefined && !context.markedBuckets.has(bucket)) {
    faults.add('special_buckets lacks a bucket', `${user.userId}: bucket ${bucket}`);
  }
}

function checkRetractions({ userId, sessions, retractions, special }: StoredUser, faults: FaultList): void {
  if (retractions.length === 0) return;
  if (special?.hasRetractions !== true) {
    faults.add('special_users does not tell of retractions', `${userId}: ${retractions.length} sessions`);
  }
  const retracted = new Set(retractions.map(({ sessionId }) => sessionId));
  for (const { sessionId } of sessions) {
    if (retracted.has(sessionId)) faults.add('a retracted session is stored', `${userId} ${sessionId}`);
  }
  for (const { sessionId, recordTimeMs, sessionRecordTimeMs } of retractions) {
    if (sessionRecordTimeMs !== null && sessionRecordTimeMs <= recordTimeMs) {
      faults.add(
        'a retracted session is stored',
        `${userId} ${sessionId}: kept, though recorded before its retraction`,
      );
    }
  }
}

function checkErasure({ userId, sessions, checkIns, retractions, special }: StoredUser, faults: FaultList): void {
  const erasedAtMs = special?.erasedAtMs ?? null;
  if (special === undefined || erasedAtMs === null) return;
  const isLeft = ({ recordTimeMs }: Recorded) => recordTimeMs <= erasedAtMs;
  const left: readonly (readonly [what: string, count: number])[] = [
    ['sessions', sessions.filter(isLeft).length],
    ['check-ins', checkIns.filter(isLeft).length],
    ['retractions', retractions.filter(isLeft).length],
    ['settings', hasOlder(special.settings ?? noSettings, erasedAtMs) ? 1 : 0],
  ];
  for (const [what, count] of left) if (count > 0) faults.add('what was erased is left', `${userId}: ${count} ${what}`);
}

const hasOlder = (settings: StoredSettings, recordTimeMs: number): boolean =>
  withoutRecordedUpTo(settings, recordTimeMs) !== settings;

function checkMemberships(
  { userId, special, memberOf }: StoredUser,
  { organisations }: StoredContext,
  faults: FaultList,
) {
  const wanted = organisationIdsOf(special?.settings ?? noSettings);
  const [found, expected] = [memberOf.toSorted().join(', '), wanted.toSorted().join(', ')];
  if (found !== expected) {
    faults.add(
      'organisation_members differs from the settings',
      `${userId}: of ${found || 'none'}, they say ${expected || 'none'}`,
    );
  }
  for (const organisationId of wanted) {
    if (!organisations.has(organisationId))
      faults.add("organisations lacks a member's", `${userId}: ${organisationId}`);
  }
}
