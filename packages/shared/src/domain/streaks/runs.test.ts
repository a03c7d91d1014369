import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import {
  addDay,
  cutAfter,
  hasDay,
  lastRun,
  longestRunLength,
  NO_RUNS,
  qualifiedDaysCount,
  type Runs,
  removeDay,
  runsFromDays,
} from './runs';

function days(...values: number[]): LocalDay[] {
  return values as LocalDay[];
}

function day(value: number): LocalDay {
  return value as LocalDay;
}

function runs(...pairs: [number, number][]): Runs {
  return pairs.map(([first, length]) => ({ first: day(first), length }));
}

/** The runs of a set of days found by looking at every day there could be. */
function runsOfSet(set: ReadonlySet<number>): Runs {
  const pairs: [number, number][] = [];
  for (let value = -40; value <= 40; value += 1) {
    const last = pairs.at(-1);
    if (set.has(value) && set.has(value - 1) && last !== undefined) {
      last[1] += 1;
    } else if (set.has(value)) {
      pairs.push([value, 1]);
    }
  }
  return runs(...pairs);
}

const someDay = fc.integer({ min: -30, max: 30 }).map(day);

describe('runs', () => {
  test.each<[string, Runs, number, Runs]>([
    ['the first day', NO_RUNS, 5, runs([5, 1])],
    ['a day after the last run', runs([1, 2]), 3, runs([1, 3])],
    ['a day before the first run', runs([1, 2]), 0, runs([0, 3])],
    ['a day that joins two runs', runs([1, 2], [4, 3]), 3, runs([1, 6])],
    ['a day apart, later', runs([1, 2]), 4, runs([1, 2], [4, 1])],
    ['a day apart, earlier', runs([1, 2]), -1, runs([-1, 1], [1, 2])],
    ['a day apart, between', runs([1, 1], [9, 1]), 5, runs([1, 1], [5, 1], [9, 1])],
    ['a day that touches old history only', runs([1, 2], [10, 2]), 3, runs([1, 3], [10, 2])],
  ])('adds %s, and removes it again', (_, before, added, after) => {
    expect(addDay(before, day(added))).toEqual(after);
    expect(removeDay(after, day(added))).toEqual(before);
  });

  it('are the same object where nothing changes', () => {
    const before = runs([1, 3], [7, 1]);
    expect([1, 2, 3, 7].map((value) => addDay(before, day(value)) === before)).toEqual([true, true, true, true]);
    expect([0, 4, 6, 8].map((value) => removeDay(before, day(value)) === before)).toEqual([true, true, true, true]);
    expect(cutAfter(before, day(7))).toBe(before);
  });

  it('have no length, count or last one when there are none', () => {
    expect([longestRunLength(NO_RUNS), qualifiedDaysCount(NO_RUNS), lastRun(NO_RUNS)]).toEqual([0, 0, undefined]);
  });

  it('follow any additions and removals exactly as a plain set of days does', () => {
    const steps = fc.array(fc.record({ isAdded: fc.boolean(), value: someDay }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (changes) => {
        const set = new Set<number>();
        let current = NO_RUNS;
        for (const { isAdded, value } of changes) {
          const before = JSON.stringify(current);
          const next = isAdded ? addDay(current, value) : removeDay(current, value);
          expect(JSON.stringify(current)).toBe(before);
          current = next;
          isAdded ? set.add(value) : set.delete(value);
          expect(current).toEqual(runsOfSet(set));
        }
      }),
    );
  });

  it('of days in any order and number are those of the set', () => {
    fc.assert(
      fc.property(fc.array(someDay), (values) => {
        const set = new Set<number>(values);
        const found = runsFromDays(values);
        expect(found).toEqual(runsOfSet(set));
        expect(qualifiedDaysCount(found)).toBe(set.size);
        for (let value = -31; value <= 31; value += 1) {
          expect(hasDay(found, day(value))).toBe(set.has(value));
          expect(cutAfter(found, day(value))).toEqual(runsOfSet(new Set(values.filter((one) => one <= value))));
        }
      }),
    );
  });

  it('sort days as numbers, on both sides of 1970', () => {
    expect(runsFromDays(days(10, 9, -1, 0, 100, 9))).toEqual(runs([-1, 2], [9, 2], [100, 1]));
  });
});
