import { createHash } from 'node:crypto';
import type { ReferenceChange, ReferenceRecord, ReferenceUserEvent } from '@streaks/testing/reference/reference-event';
import fc from 'fast-check';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Thursday before the clocks go forward in Europe, and the date on which all generated dates begin. */
const FIRST_DAY_MS = Date.parse('2025-03-27T00:00Z');
const DAYS = 10;
const ZONES = ['UTC', 'America/New_York', 'Europe/London', 'Asia/Kathmandu', 'Australia/Lord_Howe'] as const;
const IDS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 's-é', '\u{1f525}', '\uff21'] as const;

/** Organisations to which users may belong; the last one has no settings. */
export const TEST_ORGANISATIONS: ReadonlyMap<string, readonly ReferenceChange[]> = new Map([
  [
    'strict',
    [
      { changeId: '1', changedAtMs: 1, effectiveFrom: '2025-03-29', dailyTargetSeconds: 3_000, dailyCheckInTarget: 2 },
      { changeId: '2', changedAtMs: 2, effectiveFrom: '2025-04-02', dailyTargetSeconds: 600 },
    ],
  ],
  ['kind', [{ changeId: '1', changedAtMs: 1, effectiveFrom: '2025-03-01', freeze: { earnEvery: 2, cap: 2 } }]],
  ['unknown', []],
]);

/** The content follows from the id, so that events of one identity never contradict each other. */
function sessionOf(userId: string, place: number): ReferenceUserEvent {
  // Two a day, over most of the days; the longest ones reach far into the next day.
  const startMs = FIRST_DAY_MS + ((place * 7) % DAYS) * DAY_MS + ((place * 5) % 24) * 60 * MINUTE_MS;
  const minutes = [10, 20, 29, 30, 31, 50, 60, 600, 1_500][place % 9] as number;
  return {
    kind: 'session',
    session: {
      userId,
      sessionId: IDS[place] as string,
      startMs,
      endMs: startMs + minutes * MINUTE_MS,
      timezone: ZONES[place % ZONES.length] as string,
    },
  };
}

function checkInOf(userId: string, place: number): ReferenceUserEvent {
  return {
    kind: 'check-in',
    checkIn: {
      userId,
      checkInId: IDS[place] as string,
      atMs: FIRST_DAY_MS + ((place * 3) % DAYS) * DAY_MS + place * 90 * MINUTE_MS,
      timezone: ZONES[(place * 2) % ZONES.length] as string,
    },
  };
}

const dayText = (place: number): string => new Date(FIRST_DAY_MS + place * DAY_MS).toISOString().slice(0, 10);
const someDay = fc.nat({ max: DAYS }).map(dayText);
const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { freq: 4 });
const pause = fc
  .tuple(fc.nat({ max: DAYS }), fc.nat({ max: 3 }))
  .map(([first, length]) => ({ first: dayText(first), last: dayText(first + length) }));

/** Named by a digest of what it says: two changes of one id never contradict each other, and their ids sort in no order. */
const arbitraryChange: fc.Arbitrary<ReferenceChange> = fc
  .record(
    {
      changedAtMs: fc.nat({ max: 6 }),
      effectiveFrom: someDay,
      timezone: orNull(fc.constantFrom('Asia/Tokyo', 'America/Lima')),
      dailyTargetSeconds: orNull(fc.constantFrom(600, 1_200, 2_700)),
      dailyCheckInTarget: orNull(fc.constantFrom(1, 2)),
      organisationId: orNull(fc.constantFrom(...TEST_ORGANISATIONS.keys())),
      freeze: orNull(fc.record({ earnEvery: fc.constantFrom(1, 2, 3), cap: fc.constantFrom(1, 2) })),
      pauses: orNull(fc.array(pause, { maxLength: 3 })),
      leaderboardOptOut: orNull(fc.boolean()),
    },
    { requiredKeys: ['changedAtMs', 'effectiveFrom'] },
  )
  .map((change) => ({
    ...change,
    changeId: createHash('sha256').update(JSON.stringify(change)).digest('hex').slice(0, 8),
  }));

/** An event of one of the users, of every kind; mostly additive ones. */
export function arbitraryEvent(users: readonly string[]): fc.Arbitrary<ReferenceUserEvent> {
  const user = fc.constantFrom(...users);
  const place = fc.nat({ max: IDS.length - 1 });
  return fc.oneof(
    { weight: 12, arbitrary: fc.tuple(user, place).map(([userId, id]) => sessionOf(userId, id)) },
    { weight: 8, arbitrary: fc.tuple(user, place).map(([userId, id]) => checkInOf(userId, id)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(user, fc.constantFrom(...IDS))
        .map(([userId, sessionId]): ReferenceUserEvent => ({ kind: 'retraction', userId, sessionId })),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(user, arbitraryChange)
        .map(([userId, change]): ReferenceUserEvent => ({ kind: 'settings', userId, change })),
    },
    { weight: 1, arbitrary: user.map((userId): ReferenceUserEvent => ({ kind: 'erasure', userId })) },
  );
}

/** With record times that come in no order, as where a user's events lie in several partitions. */
export function arbitraryRecord(users: readonly string[]): fc.Arbitrary<ReferenceRecord<ReferenceUserEvent>> {
  return fc.record({ event: arbitraryEvent(users), recordTimeMs: fc.nat({ max: 20 }) });
}

/** The same event of another user. */
export function ofUser(event: ReferenceUserEvent, rename: (userId: string) => string): ReferenceUserEvent {
  if (event.kind === 'session') {
    return { ...event, session: { ...event.session, userId: rename(event.session.userId) } };
  }
  if (event.kind === 'check-in') {
    return { ...event, checkIn: { ...event.checkIn, userId: rename(event.checkIn.userId) } };
  }
  return { ...event, userId: rename(event.userId) };
}
