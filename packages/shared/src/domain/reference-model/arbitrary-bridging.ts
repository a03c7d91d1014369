import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import type { Bridging, DayRange, FreezeRule } from '../streaks/bridging';

/** Days 0 to 29 of a user with their freeze rules and pauses, said twice: as the domain takes them and as plain sets. */
export interface ArbitraryDays {
  readonly days: readonly LocalDay[];
  readonly bridging: Bridging | undefined;
  readonly isQualified: (day: number) => boolean;
  readonly isPaused: (day: number) => boolean;
  readonly ruleOn: (day: number) => FreezeRule | null;
}

export const LAST_ARBITRARY_DAY = 29;
/** Steps and pauses may lie some days before and after the qualified ones. */
const MARGIN = 6;
const RULES: readonly (FreezeRule | null)[] = [
  null,
  { earnEvery: 1, cap: 1 },
  { earnEvery: 1, cap: 3 },
  { earnEvery: 2, cap: 2 },
  { earnEvery: 3, cap: 1 },
  { earnEvery: 3, cap: 5 },
];

const anyDay = fc.integer({ min: -MARGIN, max: LAST_ARBITRARY_DAY + MARGIN });

/** Gaps are mostly short, so that freezes reach over some of them. */
const qualifiedDays = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 3, arbitrary: fc.integer({ min: 2, max: 5 }) }), {
    maxLength: LAST_ARBITRARY_DAY,
  })
  .map((distances) => {
    let day = -1;
    return distances.map((distance) => (day += distance)).filter((value) => value <= LAST_ARBITRARY_DAY);
  });

/** A rule on every day: it changes on few of them. */
const ruleChanges = fc.array(fc.tuple(anyDay, fc.constantFrom(...RULES)), { maxLength: 4 });
const pausedDays = fc
  .array(fc.tuple(anyDay, fc.integer({ min: 0, max: 4 })), { maxLength: 4 })
  .map((ranges) => new Set(ranges.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, at) => first + at))));

export const arbitraryDays: fc.Arbitrary<ArbitraryDays> = fc
  .tuple(qualifiedDays, ruleChanges, pausedDays)
  .map(([days, changes, paused]) => {
    const qualified = new Set(days);
    const byDay = new Map(changes);
    const ruleOn = (day: number): FreezeRule | null =>
      day < -MARGIN ? null : byDay.has(day) ? (byDay.get(day) ?? null) : ruleOn(day - 1);
    return {
      days: days as LocalDay[],
      bridging: bridgingOf(ruleOn, paused),
      isQualified: (day) => qualified.has(day),
      isPaused: (day) => paused.has(day),
      ruleOn,
    };
  });

function bridgingOf(ruleOn: (day: number) => FreezeRule | null, paused: ReadonlySet<number>): Bridging | undefined {
  const freezes: { from: LocalDay; rule: FreezeRule | null }[] = [];
  const pauses: DayRange[] = [];
  for (let day = -MARGIN; day <= LAST_ARBITRARY_DAY + 2 * MARGIN; day += 1) {
    const rule = ruleOn(day);
    if (JSON.stringify(rule) !== JSON.stringify(ruleOn(day - 1))) {
      freezes.push({ from: day as LocalDay, rule });
    }
    if (paused.has(day)) {
      const first = paused.has(day - 1) ? (pauses.pop()?.first ?? day) : day;
      pauses.push({ first: first as LocalDay, last: day as LocalDay });
    }
  }
  return freezes.length === 0 && pauses.length === 0 ? undefined : { freezes, pauses };
}
