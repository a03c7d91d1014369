import fc from 'fast-check';
import { LAST_INSTANT_MS, parseInstant } from '../calendar/instant';
import { type LocalDay, parseIsoDate } from '../calendar/local-day';
import { findZone, type Zone } from '../calendar/zone';
import { arbitraryDays, LAST_ARBITRARY_DAY } from '../reference-model/arbitrary-bridging';
import { type DiaryPage, keepDiary } from '../reference-model/freeze-diary';
import { HOSTILE_ZONES } from '../reference-model/hostile-zones';
import type { Bridging, DayRange } from './bridging';
import {
  daysSinceActivity,
  evaluateFreezes,
  evaluateStreak,
  expiresAt,
  isActiveToday,
  type StreakStatus,
} from './evaluate-streak';
import { runsFromDays } from './runs';
import { emptyStreakState, type StreakState } from './streak-state';

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

/** One freeze for every two days, two at most. */
const FREEZES: Bridging['freezes'] = [{ from: 0 as LocalDay, rule: { earnEvery: 2, cap: 2 } }];

function bridged(days: readonly number[], bridging: Bridging): StreakState {
  return { ...stateOf(...days), bridging };
}

function pauseOf(first: number, last: number): DayRange {
  return { first: first as LocalDay, last: last as LocalDay };
}

describe('a bridged streak as of a day', () => {
  const twoFreezes = [1, 2, 3, 4];

  test.each<[string, readonly number[], readonly DayRange[], number, StreakStatus, number, number, number]>([
    // days, pauses, today → status, current streak, freezes left, days bridged
    ['nothing ever', [], [pauseOf(1, 9)], 5, 'none', 0, 0, 0],
    ['today is earned', twoFreezes, [], 4, 'safe', 4, 2, 0],
    ['tomorrow is earned already', twoFreezes, [], 3, 'safe', 4, 2, 0],
    ['today is still to be earned', twoFreezes, [], 5, 'at_risk', 4, 2, 0],
    ['yesterday was missed and paid for', twoFreezes, [], 6, 'frozen', 4, 1, 1],
    ['the last freeze is spent', twoFreezes, [], 7, 'frozen', 4, 0, 2],
    ['a day more was missed than there were freezes', twoFreezes, [], 8, 'broken', 0, 0, 0],
    ['long after', twoFreezes, [], 1000, 'broken', 0, 0, 0],
    ['the streak went on after a freeze', [...twoFreezes, 6], [], 6, 'safe', 5, 1, 1],
    ['yesterday was paused', twoFreezes, [pauseOf(5, 5)], 6, 'frozen', 4, 2, 1],
    ['today is paused', twoFreezes, [pauseOf(5, 9)], 5, 'frozen', 4, 2, 0],
    ['today is paused and earned all the same', twoFreezes, [pauseOf(4, 9)], 4, 'safe', 4, 2, 0],
    ['the pause is over and so are the freezes', twoFreezes, [pauseOf(5, 9)], 12, 'frozen', 4, 0, 7],
    ['then it breaks', twoFreezes, [pauseOf(5, 9)], 13, 'broken', 0, 0, 0],
    ['a pause that begins tomorrow', [1], [pauseOf(3, 9)], 2, 'at_risk', 1, 0, 0],
  ])('%s', (_, days, pauses, today, status, current, freezesLeft, daysBridged) => {
    const state = bridged(days, { freezes: FREEZES, pauses });
    expect(evaluateFreezes(state, today as LocalDay)).toEqual({ status, freezesLeft, daysBridged });
    expect(evaluateStreak(state, today as LocalDay, NOW).currentStreak).toBe(current);
  });

  test.each<[string, readonly number[], number, StreakStatus]>([
    ['nothing ever', [], 5, 'none'],
    ['earned today', [4, 5], 5, 'safe'],
    ['earned yesterday', [3, 4], 5, 'at_risk'],
    ['earned the day before', [2, 3], 5, 'broken'],
    ['earned tomorrow', [6], 5, 'safe'],
  ])('has a status without bridging too: %s', (_, days, today, status) => {
    expect(evaluateFreezes(stateOf(...days), today as LocalDay)).toEqual({ status, freezesLeft: 0, daysBridged: 0 });
  });

  it('shows a rule that changes today as it is today', () => {
    const freezes = [...FREEZES, { from: 6 as LocalDay, rule: { earnEvery: 2, cap: 1 } }];
    const leftOn = (today: number): number =>
      evaluateFreezes(bridged([1, 2, 3, 4], { freezes, pauses: [pauseOf(5, 9)] }), today as LocalDay).freezesLeft;
    expect([leftOn(5), leftOn(6)]).toEqual([2, 1]);
  });

  it('asked about an instant, has the bank of that day', () => {
    const state = bridged([1, 2, 4, 5, 8, 9], { freezes: FREEZES, pauses: [] });
    const asOf = (today: number): object => evaluateStreak(state, today as LocalDay, AS_OF);
    expect([2, 3, 4, 5, 6, 7, 8, 9].map(asOf)).toEqual([
      figures(2, 2, 2, 2),
      figures(2, 2, 2, 2),
      figures(3, 3, 4, 3),
      figures(4, 4, 5, 4),
      figures(4, 4, 5, 4),
      figures(4, 4, 5, 4),
      figures(1, 4, 8, 5),
      figures(2, 4, 9, 6),
    ]);
  });

  it('is that of a diary on every day, whatever the days, rules and pauses', () => {
    const firstDay = -9;
    const lastDay = LAST_ARBITRARY_DAY + 20;
    const anyToday = fc.integer({ min: firstDay + 1, max: lastDay });
    fc.assert(
      fc.property(arbitraryDays, anyToday, fc.boolean(), ({ days, bridging, ...world }, today, cutAfterToday) => {
        const state = { ...stateOf(...days), ...(bridging && { bridging }) };
        const isKnown = (day: number): boolean => world.isQualified(day) && (day <= today || !cutAfterToday);
        const pages = keepDiary({ ...world, isQualified: isKnown }, firstDay, lastDay);
        const judged = judgeByDiary(pages, today, world.isPaused(today));
        expect(evaluateStreak(state, today as LocalDay, { cutAfterToday })).toEqual(judged.figures);
        if (!cutAfterToday) {
          expect(evaluateFreezes(state, today as LocalDay)).toEqual(judged.freezes);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('expires in the very millisecond in which it turns to 0, in any zone', () => {
    fc.assert(
      fc.property(arbitraryDays, fc.constantFrom(...HOSTILE_ZONES), ({ days, bridging }, [name, date]) => {
        const by = (parseIsoDate(date) ?? Number.NaN) - LAST_ARBITRARY_DAY;
        const state = {
          ...stateOf(...days.map((day) => day + by)),
          ...(bridging && { bridging: shift(bridging, by) }),
        };
        const zone = findZone(name) as Zone;
        const endMs = expiresAt(state, zone) ?? Number.NaN;
        const currentAt = (instantMs: number): number =>
          evaluateStreak(state, zone.dayOf(instantMs), NOW).currentStreak;
        expect(days.length === 0 ? Number.isNaN(endMs) : currentAt(endMs - 1) > 0).toBe(true);
        expect(days.length === 0 ? 0 : currentAt(endMs)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('expires at the last instant that can be written where a pause goes on to the last day there is', () => {
    const endless = bridged([1], { freezes: [], pauses: [pauseOf(2, parseIsoDate('9999-12-31') ?? Number.NaN)] });
    expect(expiresAt(endless, findZone('UTC') as Zone)).toBe(LAST_INSTANT_MS);
  });
});

function shift({ freezes, pauses }: Bridging, by: number): Bridging {
  return {
    freezes: freezes.map(({ from, rule }) => ({ from: (from + by) as LocalDay, rule })),
    pauses: pauses.map(({ first, last }) => pauseOf(first + by, last + by)),
  };
}

/** How a day begins: with what yesterday's page says, unless the day itself or a later one is qualified already. */
function judgeByDiary(
  pages: readonly DiaryPage[],
  today: number,
  isPausedToday: boolean,
): { figures: object; freezes: object } {
  const qualified = pages.filter(({ isQualified }) => isQualified);
  const last = qualified.at(-1);
  const [yesterday, dayItself] = [today - 1, today].map((wanted) => pages.find(({ day }) => day === wanted));
  if (last === undefined || yesterday === undefined || dayItself === undefined) {
    return { figures: figures(0, 0, null, 0), freezes: { status: 'none', freezesLeft: 0, daysBridged: 0 } };
  }
  const longest = Math.max(...qualified.map(({ length }) => length));
  const figuresWith = (current: number): object => figures(current, longest, last.day, qualified.length);
  if (last.day >= today) {
    const freezes = { status: 'safe', freezesLeft: last.bank, daysBridged: last.bridged };
    return { figures: figuresWith(last.length), freezes };
  }
  if (!yesterday.isAlive) {
    return { figures: figuresWith(0), freezes: { status: 'broken', freezesLeft: 0, daysBridged: 0 } };
  }
  const isFrozen = !yesterday.isQualified || isPausedToday;
  const status = isFrozen ? 'frozen' : 'at_risk';
  const freezes = { status, freezesLeft: dayItself.morningBank, daysBridged: yesterday.bridged };
  return { figures: figuresWith(yesterday.length), freezes };
}
