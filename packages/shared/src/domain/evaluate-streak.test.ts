import fc from 'fast-check';
import { daysSinceActivity, evaluateStreak, expiresAt, isActiveToday } from './evaluate-streak';
import { parseInstant } from './instant';
import { type LocalDay, parseIsoDate } from './local-day';
import { runsFromDays } from './runs';
import { emptyStreakState, type StreakState } from './streak-state';
import { findZone, type Zone } from './zone';

const NOW = { cutAfterToday: false };
const AS_OF = { cutAfterToday: true };

function stateOf(...days: number[]): StreakState {
  return { ...emptyStreakState, runs: runsFromDays(days as LocalDay[]) };
}

function figures(currentStreak: number, longestStreak: number, last: number | null, count: number): object {
  return { currentStreak, longestStreak, lastQualifiedDate: last, qualifiedDaysCount: count };
}

describe('a streak as of a day', () => {
  test.each([
    ['nothing ever', [], 10, NOW, figures(0, 0, null, 0)],
    ['earned today', [9, 10], 10, NOW, figures(2, 2, 10, 2)],
    ['earned yesterday, today still open', [8, 9], 10, NOW, figures(2, 2, 9, 2)],
    ['broken two days ago, the longest kept', [6, 7, 8], 10, NOW, figures(0, 3, 8, 3)],
    ['a traveller whose last day is tomorrow', [9, 10, 11], 10, NOW, figures(3, 3, 11, 3)],
    ['the same, asked about an instant: tomorrow is cut', [9, 10, 11], 10, AS_OF, figures(2, 2, 10, 2)],
    ['the past, before anything', [9, 10, 11], 5, AS_OF, figures(0, 0, null, 0)],
    ['the past, with today inside a run', [1, 2, 3, 4, 9], 3, AS_OF, figures(3, 3, 3, 3)],
    ['the past, in a gap right after a run', [1, 2, 5, 6, 7], 3, AS_OF, figures(2, 2, 2, 2)],
    ['the past, in a gap', [1, 2, 5, 6, 7], 4, AS_OF, figures(0, 2, 2, 2)],
    ['an old run longer than the current one', [1, 2, 3, 9, 10], 10, NOW, figures(2, 3, 10, 5)],
  ])('%s', (_, days, today, options, expected) => {
    expect(evaluateStreak(stateOf(...days), today as LocalDay, options)).toEqual(expected);
  });

  it('counts as one would by hand on any days, and longest is never less than current', () => {
    const anyDay = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.array(anyDay), anyDay, fc.boolean(), (days, today, cutAfterToday) => {
        const kept = new Set(cutAfterToday ? days.filter((day) => day <= today) : days);
        const last = Math.max(Number.NEGATIVE_INFINITY, ...kept);
        const lengthUpTo = (day: number): number => (kept.has(day) ? 1 + lengthUpTo(day - 1) : 0);
        const current = last >= today - 1 ? lengthUpTo(last) : 0;
        const longest = Math.max(0, ...[...kept].map(lengthUpTo));
        const expected = figures(current, longest, kept.size === 0 ? null : last, kept.size);
        expect(evaluateStreak(stateOf(...days), today as LocalDay, { cutAfterToday })).toEqual(expected);
        expect(longest).toBeGreaterThanOrEqual(current);
      }),
    );
  });
});

describe('what follows from the last day', () => {
  test.each([
    ['nothing ever', [], null, false],
    ['today', [10], 0, true],
    ['today and tomorrow', [10, 11], 0, true],
    ['tomorrow only', [11], 0, false],
    ['three days ago', [6, 7], 3, false],
  ])('active %s', (_, days, since, isActive) => {
    expect(daysSinceActivity(stateOf(...days), 10 as LocalDay)).toBe(since);
    expect(isActiveToday(stateOf(...days), 10 as LocalDay)).toBe(isActive);
  });

  test.each([
    ['Europe/London', '2025-01-14', '2025-01-16T00:00:00Z', 'an ordinary day'],
    ['America/New_York', '2025-03-08', '2025-03-10T04:00:00Z', 'over a day of 23 hours'],
    ['America/Sao_Paulo', '2018-11-02', '2018-11-04T03:00:00Z', 'at a midnight that does not exist'],
    ['Atlantic/Azores', '2025-10-24', '2025-10-26T00:00:00Z', 'at the first of two midnights'],
    ['Pacific/Apia', '2011-12-28', '2011-12-30T10:00:00Z', 'on a day that never was'],
    ['Pacific/Apia', '2011-12-29', '2011-12-30T10:00:00Z', 'because yesterday never was'],
  ])('in %s a run that ends on %s breaks at %s: %s', (name, last, end) => {
    const zone = findZone(name) as Zone;
    const state = stateOf(parseIsoDate(last) ?? Number.NaN);
    const endMs = expiresAt(state, zone) ?? Number.NaN;
    expect(endMs).toBe(parseInstant(end));
    const currentAt = (instantMs: number): number => evaluateStreak(state, zone.dayOf(instantMs), NOW).currentStreak;
    expect([currentAt(endMs - 1), currentAt(endMs)]).toEqual([1, 0]);
  });

  it('nothing breaks where nothing is', () => {
    expect(expiresAt(emptyStreakState, findZone('UTC') as Zone)).toBeNull();
  });
});
