import fc from 'fast-check';
import { type ChangeType, classifyAddedDay } from './change-type';
import type { LocalDay } from './local-day';
import { addDay, lastRun, longestRunLength, runsFromDays } from './runs';

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
