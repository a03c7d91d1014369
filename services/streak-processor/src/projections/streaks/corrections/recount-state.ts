import type { RuleId } from '@streaks/shared/domain/rules';
import { sameBridging } from '@streaks/shared/domain/streaks/bridging';
import { classifyRecount } from '@streaks/shared/domain/streaks/change-type';
import { sameRuns } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState, type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import type { UserRules } from '../specials/user-rules';
import type { LockedStreak } from '../sql/streak-row-text';
import type { ChangeSource, StreakChange } from '../streak-change';
import type { QualifiedDays } from './qualified-days';

/** The record for whose sake a state is worked out anew. */
export interface RecountCause extends ChangeSource {
  readonly recordTimeMs: number;
  readonly requestId: string | null;
}

export interface UserToRecount {
  readonly userId: string;
  readonly cause: RecountCause;
  /** The user's erasure: the state before it is forgotten. */
  readonly erasure?: RecountCause | undefined;
}

/** What a user's state of a rule turned out to be. */
export interface Recount {
  readonly userId: string;
  readonly row: LockedStreak | undefined;
  /** At most two: the erasure, and what the user's later events make of the empty state. */
  readonly changes: readonly StreakChange[];
}

/** The changes from the row of a user to what their days and their settings make of it; none where it says the same. */
export function recount(
  { userId, cause, erasure }: UserToRecount,
  ruleId: RuleId,
  row: LockedStreak | undefined,
  days: QualifiedDays,
  rules: UserRules,
): Recount {
  const changes: StreakChange[] = [];
  let state = row?.state ?? emptyStreakState;
  if (erasure !== undefined && state.version > 0) {
    const forgotten: StreakState = { ...emptyStreakState, version: state.version };
    const after = { ...emptyStreakState, version: state.version + 1, updatedAtMs: erasure.recordTimeMs };
    changes.push({ ...toChange(userId, ruleId, forgotten, after, 'USER_ERASED', erasure), isErasure: true });
    state = after;
  }
  const settings = rules.settingsOf(userId);
  const counted: StreakState = {
    runs: days.runs,
    timezone: settings?.timezone ?? days.timezone,
    version: state.version + 1,
    updatedAtMs: cause.recordTimeMs,
    ...(settings?.bridging === undefined ? {} : { bridging: settings.bridging }),
    ...(settings?.isUnlisted ? { isUnlisted: true } : {}),
  };
  if (!isSame(state, counted)) {
    changes.push(toChange(userId, ruleId, state, counted, classifyRecount(state, counted), cause));
  }
  const last = changes.length - 1;
  return { userId, row, changes: changes.map((change, place) => ({ ...change, isLast: place === last })) };
}

/** Whether two states say the same, whatever their version and when they were written. */
function isSame(one: StreakState, other: StreakState): boolean {
  return (
    sameRuns(one.runs, other.runs) &&
    one.timezone === other.timezone &&
    sameBridging(one.bridging, other.bridging) &&
    one.isUnlisted === other.isUnlisted
  );
}

function toChange(
  userId: string,
  ruleId: RuleId,
  before: StreakState,
  after: StreakState,
  changeType: StreakChange['changeType'],
  { topicId, partition, offset, recordTimeMs, requestId }: RecountCause,
): StreakChange {
  return {
    shardKey: userId,
    userId,
    ruleId,
    version: after.version,
    changeType,
    qualifiedDate: null,
    before,
    after,
    summaryBefore: summarise(before),
    summaryAfter: summarise(after),
    isLast: true,
    source: { topicId, partition, offset },
    recordTimeMs,
    requestId,
  };
}
