import { addDays, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { day } from '../testing/query-app-harness';
import { daysOfYear, periodOf } from './periods';

const show = ({ name, first, last }: ReturnType<typeof periodOf>) => [name, toIsoDate(first), toIsoDate(last)];

describe('periodOf', () => {
  it.each([
    ['2025-01-15', '2025-W03', '2025-01-13', '2025-01-19'],
    ['2025-01-12', '2025-W02', '2025-01-06', '2025-01-12'],
    ['2024-12-30', '2025-W01', '2024-12-30', '2025-01-05'],
    ['2021-01-03', '2020-W53', '2020-12-28', '2021-01-03'],
    ['1970-01-01', '1970-W01', '1969-12-29', '1970-01-04'],
    ['1969-12-28', '1969-W52', '1969-12-22', '1969-12-28'],
  ])('finds the ISO week of %s', (date, ...expected) => {
    expect(show(periodOf('week', day(date)))).toEqual(expected);
  });

  it.each([
    ['2025-01-31', '2025-01', '2025-01-01', '2025-01-31'],
    ['2024-02-29', '2024-02', '2024-02-01', '2024-02-29'],
    ['2025-02-01', '2025-02', '2025-02-01', '2025-02-28'],
    ['2025-12-05', '2025-12', '2025-12-01', '2025-12-31'],
    ['2025-04-30', '2025-04', '2025-04-01', '2025-04-30'],
  ])('finds the month of %s', (date, ...expected) => {
    expect(show(periodOf('month', day(date)))).toEqual(expected);
  });

  it('agrees with another calendar on every day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 60_000 }), (offset) => {
        const some = addDays(day('1970-01-01'), offset);
        const theirs = DateTime.fromISO(toIsoDate(some), { zone: 'utc' });
        expect(show(periodOf('week', some))).toEqual([
          theirs.toFormat("kkkk-'W'WW"),
          theirs.startOf('week').toISODate(),
          theirs.endOf('week').toISODate(),
        ]);
        expect(show(periodOf('month', some))).toEqual([
          theirs.toFormat('yyyy-MM'),
          theirs.startOf('month').toISODate(),
          theirs.endOf('month').toISODate(),
        ]);
      }),
    );
  });
});

it('knows the days of a year', () => {
  expect(daysOfYear(2024)).toEqual({ first: day('2024-01-01'), last: day('2024-12-31') });
  expect(daysOfYear(9999).last).toBe(day('9999-12-31'));
});
