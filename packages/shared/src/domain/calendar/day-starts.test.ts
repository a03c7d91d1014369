import fc from 'fast-check';
import { findDayStarts, type OffsetAt } from './day-starts';
import type { LocalDay } from './local-day';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HORIZON_DAYS = 40;

interface Change {
  readonly fromMs: number;
  readonly offsetMs: number;
}

/** A zone that nobody has: offsets of up to 15 hours either way, changed every 7 to 12 days at some minute. */
const anyZone: fc.Arbitrary<OffsetAt> = fc
  .array(
    fc.record({ minutes: fc.integer({ min: 7 * 1440, max: 12 * 1440 }), offset: fc.integer({ min: -900, max: 900 }) }),
    {
      minLength: 2,
      maxLength: 6,
    },
  )
  .map((steps) => {
    let fromMs = -12 * DAY_MS;
    const changes: Change[] = steps.map(({ minutes, offset }) => {
      fromMs += minutes * MINUTE_MS;
      return { fromMs, offsetMs: offset * MINUTE_MS };
    });
    return (instantMs) => changes.findLast((change) => change.fromMs <= instantMs)?.offsetMs ?? 0;
  });

/** Looks at every minute until the local clock shows the day or a later one. */
function walkToStart(offsetAt: OffsetAt, day: number): number {
  let atMs = (day - 2) * DAY_MS;
  while (atMs + offsetAt(atMs) < day * DAY_MS) {
    atMs += MINUTE_MS;
  }
  return atMs;
}

describe('starts of a stretch of days', () => {
  it('are where a walk over every minute first meets each day, in zones of any behaviour', () => {
    fc.assert(
      fc.property(anyZone, (offsetAt) => {
        const found = [...findDayStarts(offsetAt, 0 as LocalDay, HORIZON_DAYS)];
        expect(found).toEqual(found.map((_, day) => walkToStart(offsetAt, day)));
      }),
      { numRuns: 30 },
    );
  });

  it('are the same whatever stretch they are found in, so that the seams of what is learned never show', () => {
    fc.assert(
      fc.property(anyZone, (offsetAt) => {
        const together = [...findDayStarts(offsetAt, 0 as LocalDay, HORIZON_DAYS)];
        const alone = together.map((_, day) => findDayStarts(offsetAt, day as LocalDay, 1)[0]);
        const untilThen = together.map((_, day) => findDayStarts(offsetAt, (day - 5) as LocalDay, 6)[5]);
        expect(alone).toEqual(together);
        expect(untilThen).toEqual(together);
      }),
    );
  });
});
