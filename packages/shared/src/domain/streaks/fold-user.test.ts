import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import { arbitraryDistinctLog, LAST_SETTINGS_TEST_DAY } from '../reference-model/arbitrary-settings';
import type { LoggedChange } from '../reference-model/brute-force-settings';
import { bruteForceUser } from '../reference-model/brute-force-user';
import { RULE_IDS } from '../rules';
import type { SettingsChange } from '../settings/settings-change';
import { addChange, noSettings, type StoredSettings } from '../settings/stored-settings';
import { foldUser, type RecordedEvent } from './fold-user';
import { runsFromDays } from './runs';
import { emptyStreakState, summarise } from './streak-state';

const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 1_800_000;
const DEFAULTS = { focus: HALF_HOUR_MS, activity: 1 };

/** Half an hour at noon in UTC. */
function session(sessionId: string, day: number, recordTimeMs = 1, minutes = 30): RecordedEvent {
  const startMs = day * DAY_MS + DAY_MS / 2;
  const place = { startMs, endMs: startMs + minutes * 60_000, timezone: 'UTC' };
  return { kind: 'session', userId: 'user', sessionId, ...place, recordTimeMs };
}

function checkIn(checkInId: string, day: number, recordTimeMs = 1, timezone = 'UTC'): RecordedEvent {
  return { kind: 'check-in', userId: 'user', checkInId, atMs: day * DAY_MS + DAY_MS / 2, timezone, recordTimeMs };
}

function settings(changes: Omit<Partial<SettingsChange>, 'effectiveFrom'>, from = 0, recordTimeMs = 1): RecordedEvent {
  const change = { changeId: 'change', changedAtMs: 1, effectiveFrom: from as LocalDay, ...changes };
  return { kind: 'settings', change, recordTimeMs };
}

function retraction(sessionId: string, recordTimeMs = 1): RecordedEvent {
  return { kind: 'retraction', sessionId, recordTimeMs };
}

describe('what the events of a user amount to', () => {
  const daysOf = (events: readonly RecordedEvent[], rule: 'focus' | 'activity' = 'focus'): number[] =>
    foldUser(events, DEFAULTS)[rule].runs.flatMap(({ first, length }) =>
      Array.from({ length }, (_, index) => first + index),
    );

  test.each<[string, RecordedEvent[], number[]]>([
    ['nothing', [], []],
    ['sessions', [session('a', 1), session('b', 2)], [1, 2]],
    ['a retraction after the session', [session('a', 1), session('b', 2), retraction('a')], [2]],
    ['a retraction before the session', [retraction('a'), session('a', 1), session('b', 2)], [2]],
    ['a retraction of one of two sessions', [session('a', 1), session('b', 1), retraction('a')], [1]],
    ['an erasure', [session('a', 1), { kind: 'erasure', recordTimeMs: 1 }], []],
    ['what was sent after it', [session('a', 1), { kind: 'erasure', recordTimeMs: 1 }, session('b', 2, 2)], [2]],
    [
      'a session sent again after it, whose retraction is forgotten',
      [session('a', 1), retraction('a'), { kind: 'erasure', recordTimeMs: 1 }, session('a', 1, 2)],
      [1],
    ],
    ['a check-in', [checkIn('a', 1)], []],
    ['a greater target', [settings({ dailyTargetSeconds: 1801 }, 2), session('a', 1), session('b', 2)], [1]],
    ['a smaller target', [settings({ dailyTargetSeconds: 60 }, 2), session('a', 1, 1, 1), session('b', 2, 1, 1)], [2]],
  ])('%s', (_, events, expected) => {
    expect(daysOf(events)).toEqual(expected);
  });

  test.each<[string, RecordedEvent[], number[]]>([
    ['one a day', [checkIn('a', 1), checkIn('b', 2)], [1, 2]],
    ['a repeat', [settings({ dailyCheckInTarget: 2 }), checkIn('a', 1), checkIn('a', 1)], []],
    ['two where two are needed', [settings({ dailyCheckInTarget: 2 }), checkIn('a', 1), checkIn('b', 1)], [1]],
    ['the day of its own zone', [checkIn('a', 1, 1, 'Pacific/Auckland')], [2]],
    ['a retraction is of sessions alone', [checkIn('a', 1), retraction('a')], [1]],
    ['the first of two with one id', [checkIn('a', 1), checkIn('a', 2)], [1]],
    ['no session', [session('a', 1)], []],
  ])('check-ins: %s', (_, events, expected) => {
    expect(daysOf(events, 'activity')).toEqual(expected);
  });

  it('has the zone of the settings before that of the events, and what else the settings say', () => {
    const freeze = { earnEvery: 7, cap: 2 };
    const events = [session('a', 1), settings({ timezone: 'Asia/Tokyo', freeze, leaderboardOptOut: true }, 3)];
    expect(foldUser(events, DEFAULTS).focus).toEqual({
      ...emptyStreakState,
      runs: runsFromDays([1 as LocalDay]),
      timezone: 'Asia/Tokyo',
      bridging: { freezes: [{ from: 3, rule: freeze }], pauses: [] },
      isUnlisted: true,
    });
    expect(foldUser(events, DEFAULTS).activity).toMatchObject({ runs: [], timezone: 'Asia/Tokyo', isUnlisted: true });
    expect(foldUser([session('a', 1)], DEFAULTS).focus.timezone).toBe('UTC');
    expect(foldUser([checkIn('a', 1, 1, 'Asia/Tokyo')], DEFAULTS).activity.timezone).toBe('Asia/Tokyo');
  });

  it('is what a search through all events finds for every day, whatever their order and repeats', () => {
    const cases = fc
      .tuple(anyEvents, arbitraryDistinctLog)
      .chain(([events, organisation]) =>
        fc.tuple(fc.constant(events), repeatedInAnyOrder(events), fc.constant(organisation)),
      );
    fc.assert(
      fc.property(cases, ([events, delivered, organisation]) => {
        const organisations = new Map([['one', organisation]]);
        const found = foldUser(delivered, DEFAULTS, new Map([['one', storedOf(organisation)]]));
        expect(found).toEqual(foldUser(events, DEFAULTS, new Map([['one', storedOf(organisation)]])));
        for (const rule of RULE_IDS) {
          const range = [-2, LAST_SETTINGS_TEST_DAY + 2] as const;
          const { diary, zone, isUnlisted } = bruteForceUser(events, rule, DEFAULTS[rule], organisations, range);
          const qualified = diary.filter((page) => page.isQualified);
          expect(found[rule].runs).toEqual(runsFromDays(qualified.map(({ day }) => day as LocalDay)));
          expect(found[rule].timezone).toBe(zone);
          expect(found[rule].isUnlisted ?? false).toBe(isUnlisted);
          expect(summarise(found[rule])).toEqual({
            currentRunLength: qualified.at(-1)?.length ?? 0,
            longest: Math.max(0, ...qualified.map(({ length }) => length)),
            lastQualifiedDate: qualified.at(-1)?.day ?? null,
            qualifiedDaysCount: qualified.length,
          });
        }
      }),
      { numRuns: 150 },
    );
  });

  function storedOf(log: readonly LoggedChange[]): StoredSettings {
    return log.reduce((all, { change, recordTimeMs }) => addChange(all, change, recordTimeMs), noSettings);
  }
});

const recordTimeMs = fc.integer({ min: 1, max: 9 });
const place = fc.record({
  day: fc.integer({ min: 0, max: LAST_SETTINGS_TEST_DAY }),
  timezone: fc.constantFrom('UTC', 'Asia/Tokyo', 'Pacific/Honolulu'),
  minutes: fc.constantFrom(5, 10, 30),
});
/** Sessions end before local midnight: from 12:00 UTC on it is 21:00 in Tokyo and 02:00 in Honolulu. */
const lived = fc.array(fc.tuple(place, recordTimeMs), { maxLength: 25 });
const anyEvents: fc.Arbitrary<readonly RecordedEvent[]> = fc
  .record({
    sessions: lived.map((all) =>
      all.map(([{ day, timezone, minutes }, at], index) => ({ ...session(`${index}`, day, at, minutes), timezone })),
    ),
    checkIns: lived.map((all) => all.map(([{ day, timezone }, at], index) => checkIn(`${index}`, day, at, timezone))),
    retractions: fc.array(fc.tuple(fc.integer({ min: 0, max: 24 }), recordTimeMs), { maxLength: 3 }),
    erasures: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 1 }),
    changes: arbitraryDistinctLog,
  })
  .map(({ sessions, checkIns, retractions, erasures, changes }) => [
    ...sessions,
    ...checkIns,
    ...retractions.map(([id, at]) => retraction(`${id}`, at)),
    ...erasures.map((at): RecordedEvent => ({ kind: 'erasure', recordTimeMs: at })),
    ...changes.map((logged): RecordedEvent => ({ kind: 'settings', ...logged })),
  ]);

function repeatedInAnyOrder(events: readonly RecordedEvent[]): fc.Arbitrary<readonly RecordedEvent[]> {
  return fc
    .subarray([...events])
    .chain((again) => fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }));
}
