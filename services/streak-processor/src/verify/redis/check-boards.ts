import type { RuleId } from '@streaks/shared/domain/rules';
import { type BoardEntry, toBoardEntry } from '@streaks/shared/redis/boards/board-entry';
import { type BoardKeys, boardKeys } from '@streaks/shared/redis/boards/board-keys';
import { encodeMember, encodeScore, encodeStamp } from '@streaks/shared/redis/boards/board-value';
import { bucketOf, markedKey, takenKey } from '@streaks/shared/redis/streaks/streak-keys';
import type { Redis } from 'ioredis';
import { type ExpectedState, hasReached, lookAgain, type RedisCheck } from './redis-check';

const KIND = 'boards differ from user_streaks';
const USERS_AT_ONCE = 500;
/** Streaks that break this soon may be on the current board or not, as clocks differ. */
const CLOCKS_DIFFER_MS = 120_000;

/** What the boards of a rule say of a user: the value among the members, scores on the two boards, instant of expiry. */
interface Place {
  readonly member: string | null;
  readonly qualified: string | null;
  readonly current: string | null;
  readonly expiry: string | null;
}

/**
 * Compares the boards of a rule with states, which were read before. What differs is looked at again, as a state is; who is marked
 * is still to be ranked. Returns the users who are behind for one of these reasons. `nowMs`: the clock of Postgres.
 */
export async function checkBoards(
  check: RedisCheck,
  ruleId: RuleId,
  states: readonly ExpectedState[],
  nowMs: number,
): Promise<readonly string[]> {
  const behind: string[] = [];
  for (let from = 0; from < states.length; from += USERS_AT_ONCE) {
    const firstLook = await differing(check, ruleId, states.slice(from, from + USERS_AT_ONCE), nowMs);
    if (firstLook.length === 0) continue;
    const userIds = firstLook.map(({ userId }) => userId);
    const { states: present, unprojected } = await lookAgain(check, ruleId, userIds);
    // Marks before boards: of a state that has no mark any more the boards are told.
    const marked = await readMarked(check, ruleId, userIds);
    for (const { userId, state, place } of await differing(check, ruleId, present, nowMs)) {
      const version = versionOf(place);
      const isAhead = version > state.version;
      if (isAhead && (await hasReached(check, ruleId, userId, version))) continue;
      if (!isAhead && (unprojected.has(userId) || marked.has(userId))) behind.push(userId);
      else {
        const wanted = encodeMember(state.version, toBoardEntry(userId, state));
        check.faults.add(KIND, `${userId} (${ruleId}): ${describePlace(place)}, wanted ${wanted}`);
      }
    }
  }
  return behind;
}

interface Suspect extends ExpectedState {
  readonly place: Place;
}

async function differing(
  { redis, keyPrefix }: RedisCheck,
  ruleId: RuleId,
  states: readonly ExpectedState[],
  nowMs: number,
): Promise<readonly Suspect[]> {
  const keys = boardKeys(keyPrefix, ruleId);
  const entries = states.map(({ userId, state }) => toBoardEntry(userId, state));
  const places = await readPlaces(redis, keys, states, entries);
  return states.flatMap((expected, index) => {
    const place = places[index] as Place;
    return isEqual(expected, entries[index], place, nowMs) ? [] : [{ ...expected, place }];
  });
}

async function readPlaces(
  redis: Redis,
  { members, qualified, current, expiry }: BoardKeys,
  states: readonly ExpectedState[],
  entries: readonly (BoardEntry | undefined)[],
): Promise<readonly Place[]> {
  if (states.length === 0) return [];
  const ids = states.map(({ userId }) => userId);
  const ranked = states.map(({ userId, state }) => `${encodeStamp(state.updatedAtMs)}${userId}`);
  const [values, onQualified, onCurrent, expiries] = await Promise.all([
    redis.hmget(members, ...ids),
    redis.zmscore(qualified, ...ranked),
    redis.zmscore(current, ...ranked),
    redis.zmscore(expiry, ...ids),
  ]);
  return entries.map((_, index) => ({
    member: values[index] ?? null,
    qualified: onQualified[index] ?? null,
    current: onCurrent[index] ?? null,
    expiry: expiries[index] ?? null,
  }));
}

function isEqual({ state }: ExpectedState, entry: BoardEntry | undefined, place: Place, nowMs: number): boolean {
  if (state.version === 0) return place.member === null;
  if (place.member !== encodeMember(state.version, entry)) return false;
  if (entry === undefined) return place.qualified === null && place.current === null && place.expiry === null;
  if (place.qualified !== encodeScore('qualified', entry)) return false;
  const isOnCurrent = place.current === encodeScore('current', entry) && place.expiry === String(entry.expiresAtMs);
  const isOff = place.current === null && place.expiry === null;
  if (entry.expiresAtMs > nowMs + CLOCKS_DIFFER_MS) return isOnCurrent;
  return isOnCurrent || isOff;
}

async function readMarked(
  { redis, keyPrefix }: RedisCheck,
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const marks = await Promise.all(
    userIds.map(async (userId) => {
      const [bucket, mark] = [bucketOf(userId), `${ruleId}:${userId}`];
      const isMarked = await redis.sismember(markedKey(keyPrefix, bucket), mark);
      return isMarked === 1 || (await redis.sismember(takenKey(keyPrefix, bucket), mark)) === 1;
    }),
  );
  return new Set(userIds.filter((_, index) => marks[index]));
}

function versionOf({ member }: Place): number {
  return member === null ? -1 : Number(member.slice(0, member.indexOf(':')));
}

const describePlace = ({ member, qualified, current, expiry }: Place): string =>
  `${member ?? 'nothing'}, scores ${qualified} and ${current}, expiry ${expiry}`;
