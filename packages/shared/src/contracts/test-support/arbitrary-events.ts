import fc from 'fast-check';
import { formatInstant, LAST_INSTANT_MS } from '../../domain/calendar/instant';
import { LAST_LOCAL_DAY, type LocalDay, toIsoDate } from '../../domain/calendar/local-day';
import type { SettingsChange } from '../../domain/settings/settings-change';
import type { FriendshipEvent } from '../friendship-event-codec';
import type { OrganisationEvent } from '../organisation-event-codec';
import type { UserEvent } from '../user-event';

const id = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'B', '7', '-', 'é', '日', '🙂', '\ufffd'), minLength: 1, maxLength: 40 }),
  fc.constantFrom('ada', 'x'.repeat(128), '🙂'.repeat(128)),
);
const instant = fc.integer({ min: 0, max: LAST_INSTANT_MS });
const day = fc.integer({ min: 0, max: LAST_LOCAL_DAY }).map((number) => number as LocalDay);
const timezone = fc.constantFrom('Europe/London', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires');
const range = fc
  .tuple(day, fc.nat(400))
  .map(([first, days]) => ({ first, last: Math.min(first + days, LAST_LOCAL_DAY) as LocalDay }));
const setting = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const change = {
  changeId: id,
  changedAtMs: instant,
  effectiveFrom: day,
};
const sharedSettings = {
  dailyTargetSeconds: setting(fc.integer({ min: 1, max: 86_400 })),
  dailyCheckInTarget: setting(fc.integer({ min: 1, max: 1000 })),
  freeze: setting(
    fc.record(
      { earnEvery: fc.integer({ min: 1, max: 365 }), cap: fc.integer({ min: 1, max: 100 }) },
      { noNullPrototype: true },
    ),
  ),
};
const changeOf = (settings: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<SettingsChange> =>
  fc.record(
    { ...change, ...settings },
    { requiredKeys: ['changeId', 'changedAtMs', 'effectiveFrom'], noNullPrototype: true },
  ) as fc.Arbitrary<SettingsChange>;
const userSettings = changeOf({
  timezone: setting(timezone),
  ...sharedSettings,
  organisationId: setting(id),
  pauses: setting(fc.array(range, { maxLength: 100 })),
  leaderboardOptOut: setting(fc.boolean()),
});
const event = <Event>(fields: { [Field in keyof Event]: fc.Arbitrary<Event[Field]> }): fc.Arbitrary<Event> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<Event>;
const keyMismatch = fc.constant(false);

/** Events that keep every rule but those that need a clock. */
export const arbitraryUserEvent: fc.Arbitrary<UserEvent> = fc.oneof(
  fc
    .tuple(id, id, instant, fc.integer({ min: 1, max: 7 * 86_400_000 }), timezone)
    .map(([userId, sessionId, at, length, zone]) => {
      const startMs = Math.min(at, LAST_INSTANT_MS - length);
      return {
        kind: 'session' as const,
        userId,
        sessionId,
        startMs: Math.max(0, startMs),
        endMs: Math.max(0, startMs) + length,
        timezone: zone,
        keyMismatch: false,
      };
    }),
  event<Extract<UserEvent, { kind: 'check-in' }>>({
    kind: fc.constant('check-in'),
    userId: id,
    checkInId: id,
    atMs: instant,
    timezone,
    keyMismatch,
  }),
  event<Extract<UserEvent, { kind: 'retraction' }>>({
    kind: fc.constant('retraction'),
    userId: id,
    sessionId: id,
    keyMismatch,
  }),
  event<Extract<UserEvent, { kind: 'settings' }>>({
    kind: fc.constant('settings'),
    userId: id,
    change: userSettings,
    keyMismatch,
  }),
  event<Extract<UserEvent, { kind: 'erasure' }>>({ kind: fc.constant('erasure'), userId: id, keyMismatch }),
);

export const arbitraryOrganisationEvent: fc.Arbitrary<OrganisationEvent> = event<OrganisationEvent>({
  kind: fc.constant('organisation-settings'),
  organisationId: id,
  change: changeOf(sharedSettings),
  keyMismatch,
});

export const arbitraryFriendshipEvent: fc.Arbitrary<FriendshipEvent> = event<FriendshipEvent>({
  kind: fc.constant('friendship'),
  userId: id,
  friendId: id,
  isFriend: fc.boolean(),
  changedAtMs: instant,
  keyMismatch,
}).filter(({ userId, friendId }) => userId !== friendId);

/** The event as a producer writes it in JSON. */
export function toJson(of: UserEvent | OrganisationEvent | FriendshipEvent): Readonly<Record<string, unknown>> {
  switch (of.kind) {
    case 'session': {
      const { userId, sessionId, timezone: zone } = of;
      const [startTime, endTime] = [formatInstant(of.startMs), formatInstant(of.endMs)];
      return { type: 'SessionCompleted', userId, sessionId, startTime, endTime, timezone: zone };
    }
    case 'check-in': {
      const { userId, checkInId, atMs, timezone: zone } = of;
      return { type: 'CheckInRecorded', userId, checkInId, at: formatInstant(atMs), timezone: zone };
    }
    case 'retraction':
      return { type: 'SessionRetracted', userId: of.userId, sessionId: of.sessionId };
    case 'settings':
      return { type: 'UserSettingsChanged', userId: of.userId, ...changeToJson(of.change) };
    case 'erasure':
      return { type: 'UserErased', userId: of.userId };
    case 'organisation-settings':
      return {
        type: 'OrganisationSettingsChanged',
        organisationId: of.organisationId,
        ...changeToJson(of.change),
      };
    case 'friendship': {
      const { userId, friendId, isFriend, changedAtMs } = of;
      const type = isFriend ? 'FriendAdded' : 'FriendRemoved';
      return { type, userId, friendId, changedAt: formatInstant(changedAtMs) };
    }
  }
}

function changeToJson({ changedAtMs, effectiveFrom, pauses, ...rest }: SettingsChange) {
  return {
    ...rest,
    changedAt: formatInstant(changedAtMs),
    effectiveFrom: toIsoDate(effectiveFrom),
    ...(pauses === undefined
      ? {}
      : { pauses: pauses?.map(({ first, last }) => ({ first: toIsoDate(first), last: toIsoDate(last) })) ?? null }),
  };
}
