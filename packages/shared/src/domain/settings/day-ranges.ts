import type { DayRange } from '../streaks/bridging';

/** The days of any ranges as ranges that ascend and neither overlap nor touch. */
export function mergeRanges(ranges: readonly DayRange[]): readonly DayRange[] {
  const merged: DayRange[] = [];
  for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
    const before = merged.at(-1);
    if (before === undefined || first > before.last + 1) {
      merged.push({ first, last });
    } else if (last > before.last) {
      merged[merged.length - 1] = { first: before.first, last };
    }
  }
  return merged;
}
