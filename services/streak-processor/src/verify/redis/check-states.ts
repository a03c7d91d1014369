import type { RuleId } from '@streaks/shared/domain/rules';
import { sameBridging } from '@streaks/shared/domain/streaks/bridging';
import { sameRuns } from '@streaks/shared/domain/streaks/runs';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { StreakLookup } from '@streaks/shared/redis/streaks/streak-store';
import { describeState, type ExpectedState, hasReached, lookAgain, type RedisCheck, readPresent } from './redis-check';

const KIND = 'Redis differs from user_streaks';

/**
 * Compares states with Redis, which is read after them. What differs is looked at again: Postgres may have moved on since,
 * and Redis may be behind where a change of the user is not projected yet. Returns the users who are behind for that reason.
 */
export async function checkStates(
  check: RedisCheck,
  ruleId: RuleId,
  states: readonly ExpectedState[],
): Promise<readonly string[]> {
  const firstLook = await differing(check, ruleId, states);
  if (firstLook.length === 0) return [];
  const { states: present, unprojected } = await lookAgain(
    check,
    ruleId,
    firstLook.map(({ userId }) => userId),
  );
  const behind: string[] = [];
  for (const { userId, state, lookup } of await differing(check, ruleId, present)) {
    const version = versionOf(lookup);
    const isAhead = version > state.version;
    if (isAhead && (await hasReached(check, ruleId, userId, version))) continue;
    if (!isAhead && unprojected.has(userId)) behind.push(userId);
    else {
      check.faults.add(KIND, `${userId} (${ruleId}): ${describeLookup(lookup)}, Postgres has ${describeState(state)}`);
    }
  }
  return behind;
}

interface Suspect extends ExpectedState {
  readonly lookup: StreakLookup;
}

async function differing(
  { store, generation }: RedisCheck,
  ruleId: RuleId,
  states: readonly ExpectedState[],
): Promise<readonly Suspect[]> {
  const answers = await store.readMany(
    states.map(({ userId }) => userId),
    ruleId,
  );
  return states.flatMap(({ userId, state }, index) => {
    const lookup = answers[index]?.lookup ?? { kind: 'miss' };
    return isEqual(state, lookup, generation) ? [] : [{ userId, state, lookup }];
  });
}

function isEqual(state: StreakState, lookup: StreakLookup, generation: bigint): boolean {
  if (lookup.kind !== 'found') return state.version === 0;
  const found = lookup.state;
  return (
    lookup.generation >= generation &&
    found.version === state.version &&
    found.timezone === state.timezone &&
    found.updatedAtMs === state.updatedAtMs &&
    found.isUnlisted === state.isUnlisted &&
    sameRuns(found.runs, state.runs) &&
    sameBridging(found.bridging, state.bridging)
  );
}

/** Users that Redis knows and Postgres does not, given all keys of states page by page. */
export async function checkUnknownUsers(
  { store, pool, generation, faults }: RedisCheck,
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<void> {
  const answers = await store.readMany(userIds, ruleId);
  const found = userIds.filter((_, index) => {
    const lookup = answers[index]?.lookup;
    return lookup?.kind === 'found' && lookup.generation >= generation && lookup.state.version > 0;
  });
  if (found.length === 0) return;
  const known = await readPresent(pool, ruleId, found);
  for (const userId of found) {
    if (!known.has(userId)) faults.add(KIND, `${userId} (${ruleId}): Postgres has no such user`);
  }
}

const versionOf = (lookup: StreakLookup): number => {
  if (lookup.kind === 'miss') return -1;
  return lookup.kind === 'found' ? lookup.state.version : lookup.version;
};

function describeLookup(lookup: StreakLookup): string {
  if (lookup.kind === 'miss') return 'nothing';
  if (lookup.kind === 'deleted') return `deleted at version ${lookup.version}`;
  return `generation ${lookup.generation} ${describeState(lookup.state)}`;
}
