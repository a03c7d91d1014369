import type {
  ReferenceChange,
  ReferenceFriendshipEvent,
  ReferenceSettings,
} from '@streaks/testing/reference/reference-event';
import type { Below } from './cast';
import { DAY_MS, dateOf, ZONES } from './simulated-time';

const ORGANISATIONS = 5;
/** Alive whenever somebody looks: the board of current streaks has somebody on it. */
const END_OF_LONG_PAUSES = '2099-12-31';

export const someOrganisation = (below: Below): string => `organisation-${below(ORGANISATIONS)}`;

type Draw<Name extends keyof ReferenceSettings> = (nowMs: number, below: Below) => ReferenceSettings[Name];

const orNull = <Value>(value: Value, below: Below): Value | null => (below(6) === 0 ? null : value);

const DRAWS: { readonly [Name in keyof ReferenceSettings]-?: Draw<Name> } = {
  timezone: (_, below) => orNull(ZONES[below(ZONES.length)] ?? 'UTC', below),
  dailyTargetSeconds: (_, below) => orNull(600 + below(8) * 600, below),
  dailyCheckInTarget: (_, below) => orNull(1 + below(3), below),
  organisationId: (_, below) => orNull(someOrganisation(below), below),
  freeze: (_, below) => orNull({ earnEvery: 1 + below(4), cap: 1 + below(3) }, below),
  pauses: (nowMs, below) =>
    orNull(
      Array.from({ length: below(3) }, () => {
        const firstMs = nowMs + (below(30) - 20) * DAY_MS;
        const last = below(4) === 0 ? END_OF_LONG_PAUSES : dateOf(firstMs + below(6) * DAY_MS);
        return { first: dateOf(firstMs), last };
      }),
      below,
    ),
  leaderboardOptOut: (_, below) => orNull(below(4) > 0, below),
};
const OF_USERS = Object.keys(DRAWS) as (keyof ReferenceSettings)[];
const OF_ORGANISATIONS = ['dailyTargetSeconds', 'dailyCheckInTarget', 'freeze'] as const;

/** A change of one setting or two, which may be an old one that comes late, for a day that is past or still to come. */
function createChange(
  changeId: string,
  nowMs: number,
  below: Below,
  names: readonly (keyof ReferenceSettings)[],
): ReferenceChange {
  const isLate = below(5) === 0;
  const changedAtMs = nowMs - (isLate ? below(10 * DAY_MS) : 0);
  const effectiveFrom = dateOf(nowMs + (below(16) - 10) * DAY_MS);
  const chosen = Array.from({ length: 1 + below(2) }, () => names[below(names.length)] ?? 'timezone');
  const settings = Object.fromEntries(chosen.map((name) => [name, DRAWS[name](nowMs, below)]));
  return { changeId, changedAtMs, effectiveFrom, ...settings };
}

export const createUserChange = (changeId: string, nowMs: number, below: Below): ReferenceChange =>
  createChange(changeId, nowMs, below, OF_USERS);

export const createOrganisationChange = (changeId: string, nowMs: number, below: Below): ReferenceChange =>
  createChange(changeId, nowMs, below, OF_ORGANISATIONS);

/** Instants are coarse, so that a removal and an addition of one pair meet at the same one. */
export function createFriendship(
  userId: string,
  friendId: string,
  nowMs: number,
  below: Below,
): ReferenceFriendshipEvent {
  const changedAtMs = Math.floor(nowMs / DAY_MS - below(3)) * DAY_MS;
  return { kind: 'friendship', userId, friendId, isFriend: below(3) > 0, changedAtMs };
}
