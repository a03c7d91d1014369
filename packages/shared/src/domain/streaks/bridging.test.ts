import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import { arbitraryDays, LAST_ARBITRARY_DAY } from '../reference-model/arbitrary-bridging';
import { keepDiary } from '../reference-model/freeze-diary';
import { type Bridging, type Chain, chainsOf, firstUnbridgedDay, sameBridging } from './bridging';
import { type Runs, runsFromDays } from './runs';

const NO_PAUSES = [] as const;
const FREEZE_EVERY_3 = { from: -100, rule: { earnEvery: 3, cap: 2 } };

/** Days from a drawing that begins on day 0: `#` qualified, anything else not. */
function drawn(drawing: string): Runs {
  return runsFromDays([...drawing].flatMap((mark, day) => (mark === '#' ? [day as LocalDay] : [])));
}

function bridging(
  freezes: readonly { from: number; rule: { earnEvery: number; cap: number } | null }[],
  pauses: readonly (readonly [number, number])[] = NO_PAUSES,
): Bridging {
  return {
    freezes: freezes as Bridging['freezes'],
    pauses: pauses.map(([first, last]) => ({ first: first as LocalDay, last: last as LocalDay })),
  };
}

/** `first-last length+bridged left`, for short. */
function told(chains: readonly Chain[]): string[] {
  return chains.map(
    ({ first, last, length, bridgedDays, freezesLeft }) =>
      `${first}-${last} ${length}+${bridgedDays} left ${freezesLeft}`,
  );
}

describe('chains', () => {
  test.each<[string, string, Bridging | undefined, string[]]>([
    ['without bridging one per run', '##.#', undefined, ['0-1 2+0 left 0', '3-3 1+0 left 0']],
    ['of nothing', '', bridging([FREEZE_EVERY_3]), []],
    ['a freeze earned by three days is spent on the next', '###.#', bridging([FREEZE_EVERY_3]), ['0-4 4+1 left 0']],
    ['two days have earned none', '##.#', bridging([FREEZE_EVERY_3]), ['0-1 2+0 left 0', '3-3 1+0 left 0']],
    ['a cap of two', '#########', bridging([FREEZE_EVERY_3]), ['0-8 9+0 left 2']],
    [
      'what is earned with a full bank is lost',
      '#########...#',
      bridging([FREEZE_EVERY_3]),
      ['0-8 9+0 left 2', '12-12 1+0 left 0'],
    ],
    ['two freezes for two days', '######..#', bridging([FREEZE_EVERY_3]), ['0-8 7+2 left 0']],
    [
      'a gap longer than the bank ends the chain before it, and what was left is gone',
      '######...###.#',
      bridging([FREEZE_EVERY_3]),
      ['0-5 6+0 left 2', '9-13 4+1 left 0'],
    ],
    ['spent and earned again', '###.###.#', bridging([FREEZE_EVERY_3]), ['0-8 7+2 left 0']],
    ['days count on over a bridge', '#####.#.#', bridging([FREEZE_EVERY_3]), ['0-8 7+2 left 0']],
    [
      'a broken chain takes no day towards a freeze along',
      '##.##.#',
      bridging([FREEZE_EVERY_3]),
      ['0-1 2+0 left 0', '3-4 2+0 left 0', '6-6 1+0 left 0'],
    ],
    ['a pause over the whole gap costs nothing', '##...#', bridging([], [[2, 4]]), ['0-5 3+3 left 0']],
    ['a pause longer than the gap', '##...#', bridging([], [[0, 9]]), ['0-5 3+3 left 0']],
    ['a pause over a part of the gap', '##...#', bridging([], [[2, 3]]), ['0-1 2+0 left 0', '5-5 1+0 left 0']],
    ['a pause and a freeze', '###...#', bridging([FREEZE_EVERY_3], [[4, 5]]), ['0-6 4+3 left 0']],
    ['freezes around a pause', '######....#', bridging([FREEZE_EVERY_3], [[7, 8]]), ['0-10 7+4 left 0']],
    [
      'a qualified day within a pause counts and earns',
      '#.#.#.#',
      bridging([FREEZE_EVERY_3], [[0, 4]]),
      ['0-6 4+3 left 0'],
    ],
    [
      'only days from the rule on earn',
      '####.#',
      bridging([{ from: 2, rule: { earnEvery: 3, cap: 2 } }]),
      ['0-3 4+0 left 0', '5-5 1+0 left 0'],
    ],
    [
      'a rule that begins within a run',
      '#####.#',
      bridging([{ from: 2, rule: { earnEvery: 3, cap: 2 } }]),
      ['0-6 6+1 left 0'],
    ],
    [
      'a changed rule counts anew and keeps the bank',
      '#####.##.#',
      bridging([FREEZE_EVERY_3, { from: 4, rule: { earnEvery: 4, cap: 2 } }]),
      ['0-7 7+1 left 0', '9-9 1+0 left 0'],
    ],
    [
      'a changed rule cuts the bank to its cap',
      '######..#',
      bridging([FREEZE_EVERY_3, { from: 6, rule: { earnEvery: 9, cap: 1 } }]),
      ['0-5 6+0 left 2', '8-8 1+0 left 0'],
    ],
    [
      'a removed rule takes the bank',
      '######.#',
      bridging([FREEZE_EVERY_3, { from: 6, rule: null }]),
      ['0-5 6+0 left 2', '7-7 1+0 left 0'],
    ],
    [
      'a removed rule takes the bank also in a pause, and gives nothing back',
      '######...#.#',
      bridging([FREEZE_EVERY_3, { from: 7, rule: null }, { from: 8, rule: { earnEvery: 3, cap: 2 } }], [[6, 8]]),
      ['0-9 7+3 left 0', '11-11 1+0 left 0'],
    ],
    [
      'a gap over a rule that ends in it',
      '######..#',
      bridging([FREEZE_EVERY_3, { from: 7, rule: null }]),
      ['0-5 6+0 left 2', '8-8 1+0 left 0'],
    ],
    [
      'a pause or a rule in the future',
      '##.#',
      bridging([{ from: 9, rule: { earnEvery: 1, cap: 1 } }], [[8, 9]]),
      ['0-1 2+0 left 0', '3-3 1+0 left 0'],
    ],
  ])('%s: %s', (_, drawing, rules, expected) => {
    expect(told(chainsOf(drawn(drawing), rules))).toEqual(expected);
  });

  it('earn from late data, which may join and may, with a full bank, even break', () => {
    const earnEvery2 = bridging([{ from: 0, rule: { earnEvery: 2, cap: 1 } }]);
    expect(told(chainsOf(drawn('.#.#'), earnEvery2))).toEqual(['1-1 1+0 left 0', '3-3 1+0 left 0']);
    expect(told(chainsOf(drawn('##.#'), earnEvery2))).toEqual(['0-3 3+1 left 0']);
    expect(told(chainsOf(drawn('.###.#.#'), earnEvery2))).toEqual(['1-7 5+2 left 0']);
    expect(told(chainsOf(drawn('####.#.#'), earnEvery2))).toEqual(['0-5 5+1 left 0', '7-7 1+0 left 0']);
  });

  it('are those of a diary, whatever the days, rules and pauses', () => {
    fc.assert(
      fc.property(arbitraryDays, ({ days, bridging: rules, ...world }) => {
        const expected: Chain[] = [];
        for (const { day, streak, length, bridged, bank } of keepDiary(world, -9, LAST_ARBITRARY_DAY).filter(
          ({ isQualified }) => isQualified,
        )) {
          const first = expected[streak - 1]?.first ?? day;
          expected[streak - 1] = {
            first: first as LocalDay,
            last: day as LocalDay,
            length,
            bridgedDays: bridged,
            freezesLeft: bank,
          };
        }
        expect(chainsOf(runsFromDays(days), rules)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the first day that nothing bridges', () => {
  const END_OF_9999 = 2_932_896;

  test.each<[string, string, Bridging | undefined, number | undefined]>([
    ['of nothing', '', bridging([FREEZE_EVERY_3]), undefined],
    ['the day after the last', '##', undefined, 2],
    ['with an empty bank', '##', bridging([FREEZE_EVERY_3]), 2],
    ['after two freezes', '######', bridging([FREEZE_EVERY_3]), 8],
    ['after a pause', '##', bridging([], [[2, 6]]), 7],
    ['before a pause that comes too late', '##', bridging([], [[3, 6]]), 2],
    ['after freezes and a pause between them', '######', bridging([FREEZE_EVERY_3], [[7, 16]]), 18],
    ['where the rule ends', '######', bridging([FREEZE_EVERY_3, { from: 7, rule: null }]), 7],
    ['after a pause without an end', '##', bridging([FREEZE_EVERY_3], [[2, END_OF_9999]]), END_OF_9999 + 1],
  ])('%s', (_, drawing, rules, expected) => {
    expect(firstUnbridgedDay(drawn(drawing), rules)).toBe(expected);
  });
});

describe('two bridgings', () => {
  const one = bridging([FREEZE_EVERY_3, { from: 5, rule: null }], [[1, 2]]);

  test.each<[string, Bridging | undefined, boolean]>([
    ['the same', structuredClone(one), true],
    ['none', undefined, false],
    ['another day', bridging([FREEZE_EVERY_3, { from: 6, rule: null }], [[1, 2]]), false],
    ['another rule', bridging([FREEZE_EVERY_3, { from: 5, rule: { earnEvery: 1, cap: 1 } }], [[1, 2]]), false],
    [
      'another cap',
      bridging(
        [
          { from: -100, rule: { earnEvery: 3, cap: 3 } },
          { from: 5, rule: null },
        ],
        [[1, 2]],
      ),
      false,
    ],
    ['fewer steps', bridging([FREEZE_EVERY_3], [[1, 2]]), false],
    ['another pause', bridging(one.freezes, [[1, 3]]), false],
    ['no pause', bridging(one.freezes), false],
  ])('are compared with %s', (_, other, expected) => {
    expect(sameBridging(one, other)).toBe(expected);
    expect(sameBridging(other, one)).toBe(expected);
  });

  it('are the same where there are none', () => {
    expect(sameBridging(undefined, undefined)).toBe(true);
  });
});
