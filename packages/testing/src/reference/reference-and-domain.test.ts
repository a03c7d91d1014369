import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone } from '@streaks/shared/domain/calendar/zone';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { addChange, noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { chainsOf } from '@streaks/shared/domain/streaks/bridging';
import { expiresAt } from '@streaks/shared/domain/streaks/evaluate-streak';
import { foldUser, type RecordedEvent } from '@streaks/shared/domain/streaks/fold-user';
import { type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import fc from 'fast-check';
import { dayNumber, isoDate } from '../reference-fold';
import type { ReferenceChange, ReferenceEvent, ReferenceRecord } from './reference-event';
import { referenceLog } from './reference-log';
import type { ReferenceStreak } from './reference-streak';

const TARGETS = { focus: 1_800_000, activity: 1 };
const FIRST_DAY = dayNumber('2025-03-25');
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const timezone = fc.constantFrom('UTC', 'America/New_York', 'Europe/London', 'Australia/Lord_Howe');
const day = fc.integer({ min: FIRST_DAY, max: FIRST_DAY + 14 });
const date = day.map(isoDate);
const minute = fc.integer({ min: 0, max: 15 * 1_440 }).map((minutes) => FIRST_DAY * DAY_MS + minutes * MINUTE_MS);
const or = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const change = fc
  .record(
    {
      changedAtMs: fc.nat(20),
      effectiveFrom: date,
      timezone: or(timezone),
      dailyTargetSeconds: or(fc.constantFrom(600, 2_400, 3_600)),
      dailyCheckInTarget: or(fc.constantFrom(1, 2)),
      organisationId: or(fc.constantFrom('red', 'blue')),
      freeze: or(fc.record({ earnEvery: fc.integer({ min: 1, max: 3 }), cap: fc.integer({ min: 1, max: 3 }) })),
      pauses: or(
        fc.array(
          fc.tuple(day, fc.nat(3)).map(([first, more]) => ({ first: isoDate(first), last: isoDate(first + more) })),
          { maxLength: 3 },
        ),
      ),
      leaderboardOptOut: or(fc.boolean()),
    },
    { requiredKeys: ['changedAtMs', 'effectiveFrom'] },
  )
  .chain((settings) => fc.uuid().map((changeId) => ({ changeId, ...settings }) as ReferenceChange));

/** One id always has the same content: which of two contradictions comes first is no question here. */
const session = fc
  .record({ startMs: minute, minutes: fc.integer({ min: 1, max: 1_500 }), timezone })
  .map(({ startMs, minutes, timezone: zone }): ReferenceEvent => {
    const sessionId = `${startMs % 7}-${startMs}-${minutes}-${zone}`;
    return {
      kind: 'session',
      session: { userId: 'u', sessionId, startMs, endMs: startMs + minutes * MINUTE_MS, timezone: zone },
    };
  });
const checkIn = fc.record({ atMs: minute, timezone }).map(
  ({ atMs, timezone: zone }): ReferenceEvent => ({
    kind: 'check-in',
    checkIn: { userId: 'u', checkInId: `${atMs}-${zone}`, atMs, timezone: zone },
  }),
);
const settings = change.map((one): ReferenceEvent => ({ kind: 'settings', userId: 'u', change: one }));
const organisation = fc.tuple(fc.constantFrom('red', 'blue'), change).map(
  ([
    organisationId,
    { timezone: _, organisationId: __, pauses: ___, leaderboardOptOut: ____, ...shared },
  ]): ReferenceEvent => ({
    kind: 'organisation',
    organisationId,
    change: shared,
  }),
);

const log = fc
  .record({
    events: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: session },
        { weight: 4, arbitrary: checkIn },
        { weight: 4, arbitrary: settings },
        { weight: 1, arbitrary: organisation },
      ),
      { maxLength: 30 },
    ),
    active: fc.subarray(
      Array.from({ length: 15 }, (_, index) => FIRST_DAY + index),
      { minLength: 8 },
    ),
    retracted: fc.array(fc.nat(29), { maxLength: 4 }),
    repeated: fc.array(fc.nat(29), { maxLength: 4 }),
    erasures: fc.constantFrom(0, 0, 1, 2),
    times: fc.array(fc.nat(25), { minLength: 53, maxLength: 53 }),
  })
  .map(({ events, active, retracted, repeated, erasures, times }): ReferenceRecord[] => {
    const corrections = retracted.flatMap((place): ReferenceEvent[] => {
      const event = events[place];
      return event?.kind === 'session' ? [{ kind: 'retraction', userId: 'u', sessionId: event.session.sessionId }] : [];
    });
    // Long streaks with gaps, in which freezes are earned and spent.
    const daily = active.map((number): ReferenceEvent => {
      const atMs = number * DAY_MS + 1;
      return { kind: 'check-in', checkIn: { userId: 'u', checkInId: `${number}`, atMs, timezone: 'UTC' } };
    });
    const all = [
      ...events,
      ...daily,
      ...corrections,
      ...repeated.flatMap((place) => events[place] ?? []),
      ...Array.from({ length: erasures }, (): ReferenceEvent => ({ kind: 'erasure', userId: 'u' })),
    ];
    return all.map((event, index) => ({ event, recordTimeMs: times[index % times.length] ?? 0 }));
  });

describe('the reference and the domain', () => {
  it('agree on every user, though they share no code', () => {
    fc.assert(
      fc.property(log, (records) => {
        const account = referenceLog(records, TARGETS).users.get('u');
        if (account === undefined) return;
        const organisations = new Map<string, StoredSettings>();
        for (const { event, recordTimeMs } of records) {
          if (event.kind !== 'organisation') continue;
          const before = organisations.get(event.organisationId) ?? noSettings;
          organisations.set(event.organisationId, addChange(before, toChange(event.change), recordTimeMs));
        }
        const states = foldUser(records.flatMap(toRecorded), TARGETS, organisations);
        expect(figuresOf(states.focus)).toEqual(referenceFigures(account.streaks.focus));
        expect(figuresOf(states.activity)).toEqual(referenceFigures(account.streaks.activity));
      }),
      { numRuns: 400 },
    );
  });
});

function toRecorded({ event, recordTimeMs }: ReferenceRecord): RecordedEvent[] {
  switch (event.kind) {
    case 'session':
      return [{ kind: 'session', recordTimeMs, ...event.session }];
    case 'check-in':
      return [{ kind: 'check-in', recordTimeMs, ...event.checkIn }];
    case 'retraction':
      return [{ kind: 'retraction', recordTimeMs, sessionId: event.sessionId }];
    case 'settings':
      return [{ kind: 'settings', recordTimeMs, change: toChange(event.change) }];
    case 'erasure':
      return [{ kind: 'erasure', recordTimeMs }];
    default:
      return [];
  }
}

const localDay = (text: string): LocalDay => dayNumber(text) as LocalDay;

function toChange({ effectiveFrom, pauses, ...rest }: ReferenceChange): SettingsChange {
  return {
    ...rest,
    effectiveFrom: localDay(effectiveFrom),
    ...(pauses === undefined
      ? {}
      : { pauses: pauses?.map(({ first, last }) => ({ first: localDay(first), last: localDay(last) })) ?? null }),
  };
}

function figuresOf(state: StreakState) {
  const { currentRunLength, longest } = summarise(state);
  const zone = state.timezone === null ? undefined : findZone(state.timezone);
  return {
    runs: state.runs.map(({ first, length }) => ({ first: toIsoDate(first), length })),
    timezone: state.timezone,
    isUnlisted: state.isUnlisted === true,
    bridging:
      state.bridging === undefined
        ? null
        : {
            freezes: state.bridging.freezes.map(({ from, rule }) => ({ from: toIsoDate(from), rule })),
            pauses: state.bridging.pauses.map(({ first, last }) => ({
              first: toIsoDate(first),
              last: toIsoDate(last),
            })),
          },
    lengths: [currentRunLength, longest],
    bridgedDays: chainsOf(state.runs, state.bridging).at(-1)?.bridgedDays ?? 0,
    expiresAtMs: zone === undefined ? null : expiresAt(state, zone),
  };
}

function referenceFigures(streak: ReferenceStreak) {
  const { runs, timezone: zone, isUnlisted, bridging, currentRunLength, longestRunLength, bridgedDays } = streak;
  return {
    runs,
    timezone: zone,
    isUnlisted,
    bridging,
    lengths: [currentRunLength, longestRunLength],
    bridgedDays,
    expiresAtMs: streak.expiresAtMs,
  };
}
