import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import type { SettingsChange } from '../settings/settings-change';
import type { LoggedChange } from './brute-force-settings';

export const LAST_SETTINGS_TEST_DAY = 20;

const anyDay = fc.integer({ min: 0, max: LAST_SETTINGS_TEST_DAY }).map((day) => day as LocalDay);
const anyPause = fc
  .tuple(anyDay, fc.integer({ min: 0, max: 5 }))
  .map(([first, more]) => ({ first, last: (first + more) as LocalDay }));
const settings = fc.record(
  {
    timezone: fc.constantFrom(null, 'UTC', 'Asia/Tokyo'),
    dailyTargetSeconds: fc.constantFrom(null, 600, 1800),
    dailyCheckInTarget: fc.constantFrom(null, 1, 2),
    organisationId: fc.constantFrom(null, 'one', 'two', 'unknown'),
    freeze: fc.constantFrom(null, { earnEvery: 1, cap: 1 }, { cap: 2, earnEvery: 2 }),
    pauses: fc.option(fc.array(anyPause, { maxLength: 3 })),
    leaderboardOptOut: fc.constantFrom(null, true, false),
  },
  { requiredKeys: [] },
);

/**
 * Changes of few instants and dates, so that many stand in each other's way.
 * @param ids of what the ids are made; where they are few, changes with one identity and other content come up
 */
export function arbitraryLog(ids: fc.Arbitrary<string>, maxLength = 8): fc.Arbitrary<readonly LoggedChange[]> {
  const identity = fc.record({
    changeId: ids,
    changedAtMs: fc.integer({ min: 1, max: 4 }),
    effectiveFrom: anyDay,
  });
  const logged = fc.record({
    change: fc.tuple(identity, settings).map(([who, what]): SettingsChange => ({ ...who, ...what })),
    recordTimeMs: fc.integer({ min: 1, max: 9 }),
  });
  return fc.array(logged, { maxLength });
}

/** The same with ids of their own, whose order by bytes is not that of UTF-16. */
export const arbitraryDistinctLog = arbitraryLog(fc.constantFrom('a', 'b', '\u{1f600}', '\uff61'), 8).map((log) =>
  log.map(({ change, recordTimeMs }, index) => ({
    change: { ...change, changeId: `${change.changeId}${index}` },
    recordTimeMs,
  })),
);
