import type { LocalDay } from '../calendar/local-day';
import { compareChanges, type Entry } from './stored-settings';

/** What a setting is from a day until the next step; null: the default. */
export interface Step<Value> {
  readonly from: LocalDay;
  readonly value: Value | null;
}

/** Ascending by day; before the first one the default counts. */
export type Steps<Value> = readonly Step<Value>[];

type Entries<Value> = readonly Entry<Value | null>[] | undefined;

/** A dated setting by day: on each the latest change counts of those that are meant for it. */
export function stepsOf<Value>(entries: Entries<Value>): Steps<Value> {
  const steps: Step<Value>[] = [];
  let latest: Entry<Value | null> | undefined;
  for (const entry of entries ?? []) {
    if (latest === undefined || compareChanges(entry, latest) > 0) {
      if (latest?.from === entry.from) {
        steps.pop();
      }
      steps.push({ from: entry.from, value: entry.value });
      latest = entry;
    }
  }
  return steps;
}

/** A setting that has no date: what the latest change says. */
export function latestValue<Value>(entries: Entries<Value>): Value | null {
  let latest: Entry<Value | null> | undefined;
  for (const entry of entries ?? []) {
    if (latest === undefined || compareChanges(entry, latest) > 0) {
      latest = entry;
    }
  }
  return latest?.value ?? null;
}

export function valueOn<Value>(steps: Steps<Value>, day: LocalDay): Value | null {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const step = steps[middle];
    if (step !== undefined && step.from <= day) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return steps[low - 1]?.value ?? null;
}
