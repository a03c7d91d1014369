import type { LocalDay } from '../calendar/local-day';

/** A maximal set of consecutive days: `length` ≥ 1 of them from `first` on. */
export interface Run {
  readonly first: LocalDay;
  readonly length: number;
}

/**
 * A set of days as runs: ascending, and at least one day missing between neighbours, so that two equal sets have equal
 * runs whatever order their days were added in. Never mutated.
 */
export type Runs = readonly Run[];

export const NO_RUNS: Runs = Object.freeze([]);

/** The last day of a run. */
export function lastDayOf(run: Run): LocalDay {
  return (run.first + run.length - 1) as LocalDay;
}

/** The number of runs that begin on the day or before it: the index after that of the run which may hold it. */
export function countRunsUpTo(runs: Runs, day: LocalDay): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.first <= day) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

export function hasDay(runs: Runs, day: LocalDay): boolean {
  const run = runs[countRunsUpTo(runs, day) - 1];
  return run !== undefined && lastDayOf(run) >= day;
}

/** The set with one more day; the same object if it was there already. */
export function addDay(runs: Runs, day: LocalDay): Runs {
  const index = countRunsUpTo(runs, day);
  const before = runs[index - 1];
  const after = runs[index];
  if (before !== undefined && lastDayOf(before) >= day) {
    return runs;
  }
  const joinsBefore = before !== undefined && lastDayOf(before) === day - 1;
  const joinsAfter = after !== undefined && after.first === day + 1;
  const run: Run = {
    first: joinsBefore ? before.first : day,
    length: (joinsBefore ? before.length : 0) + 1 + (joinsAfter ? after.length : 0),
  };
  return runs.toSpliced(joinsBefore ? index - 1 : index, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), run);
}

/** The set without one day, its run split if it lay inside; the same object if it was not there. */
export function removeDay(runs: Runs, day: LocalDay): Runs {
  const index = countRunsUpTo(runs, day) - 1;
  const run = runs[index];
  if (run === undefined || lastDayOf(run) < day) {
    return runs;
  }
  const left: Run = { first: run.first, length: day - run.first };
  const right: Run = { first: (day + 1) as LocalDay, length: lastDayOf(run) - day };
  return runs.toSpliced(index, 1, ...[left, right].filter(({ length }) => length > 0));
}

/** The runs of any days, in any order and repeated as they may be. */
export function runsFromDays(days: Iterable<LocalDay>): Runs {
  const runs: { first: LocalDay; length: number }[] = [];
  for (const day of Float64Array.from(days).sort()) {
    const last = runs.at(-1);
    if (last === undefined || day > lastDayOf(last) + 1) {
      runs.push({ first: day as LocalDay, length: 1 });
    } else if (day === lastDayOf(last) + 1) {
      last.length += 1;
    }
  }
  return runs;
}

/** Whether two sets have the same days. */
export function sameRuns(one: Runs, other: Runs): boolean {
  return (
    one === other ||
    (one.length === other.length &&
      one.every(({ first, length }, index) => other[index]?.first === first && other[index]?.length === length))
  );
}

/** The run that holds the latest day. */
export function lastRun(runs: Runs): Run | undefined {
  return runs.at(-1);
}

/** 0 without runs. */
export function longestRunLength(runs: Runs): number {
  let longest = 0;
  for (const { length } of runs) {
    longest = Math.max(longest, length);
  }
  return longest;
}

/** How many days the set has. */
export function qualifiedDaysCount(runs: Runs): number {
  let count = 0;
  for (const { length } of runs) {
    count += length;
  }
  return count;
}

/** The days up to one, that day included; the same object if there are no later ones. */
export function cutAfter(runs: Runs, day: LocalDay): Runs {
  const kept = countRunsUpTo(runs, day);
  const last = runs[kept - 1];
  if (last === undefined) {
    return NO_RUNS;
  }
  if (lastDayOf(last) <= day) {
    return kept === runs.length ? runs : runs.slice(0, kept);
  }
  return [...runs.slice(0, kept - 1), { first: last.first, length: day - last.first + 1 }];
}
