import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import { arbitraryDays, LAST_ARBITRARY_DAY } from '../reference-model/arbitrary-bridging';
import { type Bridging, chainsOf } from './bridging';
import { type ChangeType, classifyAddedDay, classifyRecount } from './change-type';
import { addDay, lastRun, longestRunLength, runsFromDays } from './runs';
import { emptyStreakState, type StreakState } from './streak-state';

/** One freeze for every two days, one at most. */
const FREEZES: Bridging = { freezes: [{ from: 0 as LocalDay, rule: { earnEvery: 2, cap: 1 } }], pauses: [] };
const PAUSE: Bridging = { freezes: [], pauses: [{ first: 3 as LocalDay, last: 8 as LocalDay }] };

describe('the change that an added day makes', () => {
  test.each<[ChangeType, string, number[], number]>([
    ['FIRST_ACTIVITY', 'the first day ever', [], 10],
    ['STREAK_MAINTAINED', 'the last day again', [9, 10], 10],
    ['STREAK_MAINTAINED', 'an old day again', [1, 2, 9, 10], 1],
    ['STREAK_INCREMENT', 'the day after the last', [9, 10], 11],
    ['STREAK_INCREMENT', 'late data before the only run', [9, 10], 8],
    ['STREAK_INCREMENT', 'late data before the latest run', [1, 9, 10], 8],
    ['STREAK_RESET', 'a day after a gap of one', [9, 10], 12],
    ['STREAK_RESET', 'a day long after', [9, 10], 100],
    ['STREAK_RECOVERED', 'the day between the last two runs', [8, 10], 9],
    ['STREAK_RECOVERED', 'the day between two old runs', [1, 3, 10], 2],
    ['STREAK_REVISED', 'late data after an old run', [1, 2, 10], 3],
    ['STREAK_REVISED', 'late data before an old run', [1, 2, 10], 0],
    ['STREAK_REVISED', 'a late day between runs, touching none', [1, 10], 5],
    ['STREAK_REVISED', 'a late day before all, touching none', [10], 5],
  ])('is %s for %s', (expected, _, before, added) => {
    expect(classifyAddedDay({ runs: runsFromDays(before as LocalDay[]) }, added as LocalDay)).toBe(expected);
  });

  it('is what its name says of the runs before and after', () => {
    const anyDay = fc.integer({ min: 0, max: 15 }).map((value) => value as LocalDay);
    fc.assert(
      fc.property(fc.array(anyDay), anyDay, (days, day) => {
        const before = runsFromDays(days);
        const after = addDay(before, day);
        const [latestBefore, latestAfter] = [lastRun(before)?.length ?? 0, lastRun(after)?.length ?? 0];
        const holds: Record<ChangeType, boolean> = {
          FIRST_ACTIVITY: days.length === 0,
          STREAK_MAINTAINED: days.includes(day),
          STREAK_RECOVERED: after.length === before.length - 1,
          STREAK_INCREMENT: after.length === before.length && latestAfter === latestBefore + 1,
          STREAK_RESET:
            days.length > 0 && latestAfter === 1 && lastRun(after)?.first === day && day > Math.max(...days),
          STREAK_REVISED: !days.includes(day) && latestAfter === latestBefore && after.length >= before.length,
          USER_ERASED: false,
        };
        expect(holds[classifyAddedDay({ runs: before }, day)]).toBe(true);
        expect(longestRunLength(after)).toBeGreaterThanOrEqual(longestRunLength(before));
      }),
    );
  });
});

describe('the change that an added day makes where there is bridging', () => {
  test.each<[ChangeType, string, number[], number, Bridging]>([
    ['FIRST_ACTIVITY', 'the first day ever', [], 10, FREEZES],
    ['STREAK_MAINTAINED', 'the last day again', [1, 2, 4], 4, FREEZES],
    ['STREAK_INCREMENT', 'the day after the last', [1, 2], 3, FREEZES],
    ['STREAK_INCREMENT', 'the day after a bridge and a day', [1, 2, 4], 5, FREEZES],
    ['STREAK_INCREMENT', 'late data before the latest chain', [1, 2, 4], 0, FREEZES],
    ['STREAK_INCREMENT', 'late data in a pause within the latest chain', [1, 2, 9], 5, PAUSE],
    ['STREAK_RECOVERED', 'a day after a missed one that a freeze paid for', [1, 2], 4, FREEZES],
    ['STREAK_RECOVERED', 'a day after a pause', [1, 2], 9, PAUSE],
    ['STREAK_RECOVERED', 'late data that a pause joins to both sides', [1, 9], 2, PAUSE],
    ['STREAK_RECOVERED', 'late data that earns the freeze which was missing', [2, 4], 1, FREEZES],
    ['STREAK_RECOVERED', 'the day that a freeze had bridged', [1, 2, 4], 3, FREEZES],
    ['STREAK_RESET', 'a day after a gap longer than the bank', [1, 2], 5, FREEZES],
    ['STREAK_RESET', 'a day after the pause that was not enough', [1, 2], 10, PAUSE],
    ['STREAK_REVISED', 'late data in an old chain', [1, 2, 9], 3, FREEZES],
    ['STREAK_REVISED', 'late data that earns a freeze sooner, when the bank is full', [1, 2, 3, 5, 7], 0, FREEZES],
    ['STREAK_REVISED', 'late data that joins two runs and so breaks the chain', [0, 1, 2, 4, 5, 7, 9], 3, FREEZES],
  ])('is %s for %s', (expected, _, before, added, bridging) => {
    expect(classifyAddedDay({ runs: runsFromDays(before as LocalDay[]), bridging }, added as LocalDay)).toBe(expected);
  });

  it('is what its name says of the chains before and after', () => {
    const anyDay = fc.integer({ min: 0, max: LAST_ARBITRARY_DAY }).map((value) => value as LocalDay);
    fc.assert(
      fc.property(arbitraryDays, anyDay, ({ days, bridging }, day) => {
        const runs = runsFromDays(days);
        const after = addDay(runs, day);
        const [chainsBefore, chainsAfter] = [chainsOf(runs, bridging), chainsOf(after, bridging)];
        const [latestBefore, latestAfter] = [chainsBefore.at(-1), chainsAfter.at(-1)];
        const isLate = latestBefore !== undefined && day < latestBefore.last;
        const isWholeAsBefore = chainsAfter.every(
          ({ first }) => first === day || chainsBefore.some((chain) => chain.first === first),
        );
        const holds: Record<ChangeType, boolean> = {
          FIRST_ACTIVITY: days.length === 0,
          STREAK_MAINTAINED: days.includes(day),
          STREAK_INCREMENT:
            latestAfter?.length === (latestBefore?.length ?? 0) + 1 &&
            latestAfter.first <= day &&
            chainsAfter.length === chainsBefore.length,
          STREAK_RESET: !isLate && latestAfter?.length === 1 && latestAfter.first === day,
          STREAK_RECOVERED:
            isWholeAsBefore &&
            (chainsAfter.length < chainsBefore.length ||
              after.length < runs.length ||
              (!isLate && latestAfter?.first === latestBefore?.first)),
          STREAK_REVISED: isLate && (!isWholeAsBefore || latestAfter?.length === latestBefore?.length),
          USER_ERASED: false,
        };
        const type = classifyAddedDay({ runs, ...(bridging && { bridging }) }, day);
        expect({ type, holds: holds[type] }).toEqual({ type, holds: true });
      }),
      { numRuns: 500 },
    );
  });
});

describe('the change that a recount makes', () => {
  function stateOf(days: number[], bridging?: Bridging): StreakState {
    return { ...emptyStreakState, runs: runsFromDays(days as LocalDay[]), ...(bridging && { bridging }) };
  }

  test.each<[ChangeType, string, StreakState, StreakState]>([
    ['STREAK_RECOVERED', 'a pause that joins', stateOf([1, 2, 9]), stateOf([1, 2, 9], PAUSE)],
    ['STREAK_RECOVERED', 'a freeze rule that joins', stateOf([1, 2, 4]), stateOf([1, 2, 4], FREEZES)],
    ['STREAK_REVISED', 'a pause that joins nothing', stateOf([1, 2, 10]), stateOf([1, 2, 10], PAUSE)],
    ['STREAK_REVISED', 'a pause taken back', stateOf([1, 2, 9], PAUSE), stateOf([1, 2, 9])],
    ['STREAK_REVISED', 'a pause instead of freezes', stateOf([1, 2, 4, 10], FREEZES), stateOf([1, 2, 4, 10], PAUSE)],
    ['STREAK_REVISED', 'a day less', stateOf([1, 2, 3]), stateOf([1, 3])],
    ['STREAK_REVISED', 'a day more, that joins', stateOf([1, 3]), stateOf([1, 2, 3])],
    ['STREAK_REVISED', 'other days, with a pause that joins', stateOf([1, 9]), stateOf([2, 9], PAUSE)],
    ['STREAK_REVISED', 'another zone', stateOf([1, 3]), { ...stateOf([1, 3]), timezone: 'Asia/Tokyo' }],
  ])('is %s for %s', (expected, _, before, after) => {
    expect(classifyRecount(before, after)).toBe(expected);
  });

  it('is STREAK_REVISED where one chain is joined and another one broken', () => {
    const days = [1, 2, 4, 8, 14];
    const joinsTwice: Bridging = {
      freezes: [],
      pauses: [
        { first: 5 as LocalDay, last: 7 as LocalDay },
        { first: 9 as LocalDay, last: 13 as LocalDay },
      ],
    };
    expect(chainsOf(stateOf(days).runs, FREEZES)).toHaveLength(3);
    expect(chainsOf(stateOf(days).runs, joinsTwice)).toHaveLength(2);
    expect(classifyRecount(stateOf(days, FREEZES), stateOf(days, joinsTwice))).toBe('STREAK_REVISED');
  });
});
