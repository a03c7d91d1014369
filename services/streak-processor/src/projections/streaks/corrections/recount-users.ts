import { sameBridging } from '@streaks/shared/domain/bridging';
import { classifyRecount } from '@streaks/shared/domain/change-type';
import { type DefaultTargets, RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { sameRuns } from '@streaks/shared/domain/runs';
import { emptyStreakState, type StreakState, summarise } from '@streaks/shared/domain/streak-state';
import type { ClientBase } from 'pg';
import { findSpecials } from '../specials/read-specials';
import { readUserRules, type UserRules } from '../specials/user-rules';
import type { LockedStreak } from '../sql/streak-row-text';
import {
  correctionStatements,
  insertStreaks,
  lockStreaks,
  StreakRowsChangedError,
  writeStreaks,
} from '../sql/streak-rows';
import type { ChangeSource, StreakChange } from '../streak-change';
import { findQualifiedDays, type QualifiedDays } from './qualified-days';

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

export interface Recounted {
  /** By rule; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** The rows that were written, as this transaction leaves them, by user. */
  readonly rows: Readonly<Record<RuleId, ReadonlyMap<string, LockedStreak>>>;
}

/**
 * Works the states of users out anew: their days by the settings of now. Users sorted by the bytes of their ids, their buckets
 * held exclusively. One change for each state that is not what it was; none where nothing differs.
 */
export async function recountUsers(
  client: ClientBase,
  userIds: readonly string[],
  cause: RecountCause,
  targets: DefaultTargets,
): Promise<readonly StreakChange[]> {
  const rules = await readUserRules(client, await findSpecials(client, userIds), targets);
  const { changes } = await recountEach(
    client,
    userIds.map((userId) => ({ userId, cause })),
    rules,
    targets,
  );
  return changes;
}

/** The same for users each with a cause of their own, by rules that were read before. */
export async function recountEach(
  client: ClientBase,
  users: readonly UserToRecount[],
  rules: UserRules,
  targets: DefaultTargets,
): Promise<Recounted> {
  const changes: StreakChange[] = [];
  const rows: Record<RuleId, ReadonlyMap<string, LockedStreak>> = { focus: new Map(), activity: new Map() };
  if (users.length === 0) return { changes, rows };
  const userIds = users.map(({ userId }) => userId);
  for (const ruleId of RULE_IDS) {
    const days = await findQualifiedDays(client, ruleId, userIds, rules, targets);
    const locked = await lockStreaks(client, ruleId, userIds);
    const recounts = users.map((user, place) =>
      recount(user, ruleId, locked[place], days[place] as QualifiedDays, rules),
    );
    for (const recounted of recounts) changes.push(...recounted.changes);
    rows[ruleId] = await writeRecounts(client, ruleId, recounts);
  }
  return { changes, rows };
}

interface Recount {
  readonly userId: string;
  readonly row: LockedStreak | undefined;
  /** At most two: the erasure, and what the user's later events make of the empty state. */
  readonly changes: readonly StreakChange[];
}

function recount(
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

/** Writes what the last change of each led to. */
async function writeRecounts(
  client: ClientBase,
  ruleId: RuleId,
  recounts: readonly Recount[],
): Promise<ReadonlyMap<string, LockedStreak>> {
  const rows = new Map<string, LockedStreak>();
  const changed = recounts.flatMap(({ userId, row, changes }) => {
    const last = changes.at(-1);
    return last === undefined ? [] : [{ userId, row, state: last.after, summary: last.summaryAfter }];
  });
  const writes = changed.flatMap(({ row, ...values }) => (row === undefined ? [] : [{ ...values, locked: row }]));
  if (writes.length > 0) {
    const places = await writeStreaks(client, ruleId, writes, correctionStatements);
    for (const [place, { userId, state }] of writes.entries()) rows.set(userId, { state, row: places[place] ?? '' });
  }
  const inserts = changed.filter(({ row }) => row === undefined);
  if (inserts.length > 0) {
    const { lost, rows: places } = await insertStreaks(client, ruleId, inserts, correctionStatements);
    // Nobody who takes the bucket first can have been faster.
    if (lost.size > 0) throw new StreakRowsChangedError([...lost]);
    for (const [place, { userId, state }] of inserts.entries()) rows.set(userId, { state, row: places[place] ?? '' });
  }
  return rows;
}
