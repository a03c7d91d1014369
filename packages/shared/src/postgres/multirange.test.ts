import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import fc from 'fast-check';
import { formatRuns, parseRuns } from './multirange';

const runsOf = (...days: number[]) => runsFromDays(days as LocalDay[]);

describe('runs as a datemultirange', () => {
  it.each([
    ['no day', runsOf(), '{}'],
    ['one day', runsOf(0), '{[1970-01-01,1970-01-02)}'],
    ['two runs', runsOf(20_088, 20_089, 20_092), '{[2024-12-31,2025-01-02),[2025-01-04,2025-01-05)}'],
  ])('writes %s with exclusive ends', (_name, runs, text) => {
    expect(formatRuns(runs)).toBe(text);
    expect(parseRuns(text)).toEqual(runs);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -700, max: 60_000 })), (days) => {
        const runs = runsOf(...days);
        expect(parseRuns(formatRuns(runs))).toEqual(runs);
      }),
    );
  });

  it.each(['{[,2025-01-02)}', '{[2025-01-01,infinity)}', '{[01/01/2025,01/02/2025)}'])('refuses %s', (text) => {
    expect(() => parseRuns(text)).toThrow(RangeError);
  });
});
