import { type LocalDay, MILLISECONDS_PER_DAY } from './local-day';

/** A zone's distance from UTC at an instant, in milliseconds, positive to the east. */
export type OffsetAt = (instantMs: number) => number;

/** A stretch of time with one offset; it lasts until the next one of its list begins. */
interface OffsetSpan {
  readonly fromMs: number;
  readonly offsetMs: number;
}

/**
 * The first instant of each of `count` days from `first` on: the least instant at which the local clock shows that date or
 * a later one. So the first of two midnights counts where clocks go back over midnight, a day without midnight begins
 * when the clock jumps into it, and a day that never existed begins (and ends) where the next one does.
 */
export function findDayStarts(offsetAt: OffsetAt, first: LocalDay, count: number): Float64Array {
  // No offset reaches 24 h, so the start of day d lies within a day of d's midnight in UTC.
  const spans = findOffsetSpans(offsetAt, (first - 1) * MILLISECONDS_PER_DAY, count + 1);
  const starts = new Float64Array(count);
  let spanIndex = 0;
  for (let index = 0; index < count; index += 1) {
    const localMidnightMs = (first + index) * MILLISECONDS_PER_DAY;
    // Starts never decrease, so the search goes on in the span in which the previous day began.
    for (; spanIndex < spans.length; spanIndex += 1) {
      const span = spans[spanIndex];
      const endMs = spans[spanIndex + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      const reachedMs = Math.max(span?.fromMs ?? 0, localMidnightMs - (span?.offsetMs ?? 0));
      if (reachedMs < endMs) {
        starts[index] = reachedMs;
        break;
      }
    }
  }
  return starts;
}

/**
 * The offsets in force from an instant on for so many days. Sampling once a day sees every change, because no zone has
 * changed its clocks twice within six days since 1970 (the nearest: 6.96 days, Brazil in 2000 and Gaza).
 */
function findOffsetSpans(offsetAt: OffsetAt, fromMs: number, dayCount: number): readonly OffsetSpan[] {
  let offsetMs = offsetAt(fromMs);
  const spans: OffsetSpan[] = [{ fromMs, offsetMs }];
  for (let index = 0; index < dayCount; index += 1) {
    const beforeMs = fromMs + index * MILLISECONDS_PER_DAY;
    const nextOffsetMs = offsetAt(beforeMs + MILLISECONDS_PER_DAY);
    if (nextOffsetMs !== offsetMs) {
      spans.push({ fromMs: findChange(offsetAt, beforeMs, offsetMs), offsetMs: nextOffsetMs });
      offsetMs = nextOffsetMs;
    }
  }
  return spans;
}

/** The second within the following day at which the offset stops being the given one; changes fall on whole seconds. */
function findChange(offsetAt: OffsetAt, beforeMs: number, offsetMs: number): number {
  let unchanged = 0;
  let changed = MILLISECONDS_PER_DAY / 1000;
  while (changed - unchanged > 1) {
    const middle = (unchanged + changed) >>> 1;
    if (offsetAt(beforeMs + middle * 1000) === offsetMs) {
      unchanged = middle;
    } else {
      changed = middle;
    }
  }
  return beforeMs + changed * 1000;
}
