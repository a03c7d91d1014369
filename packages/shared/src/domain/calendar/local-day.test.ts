import fc from 'fast-check';
import { addDays, FIRST_LOCAL_DAY, LAST_LOCAL_DAY, type LocalDay, parseIsoDate, toIsoDate } from './local-day';

const anyDay = fc.integer({ min: FIRST_LOCAL_DAY, max: LAST_LOCAL_DAY }).map((day) => day as LocalDay);

describe('local days', () => {
  test.each([
    ['0001-01-01', -719_162],
    ['1969-12-31', -1],
    ['1970-01-01', 0],
    ['2000-02-29', 11_016],
    ['2024-02-29', 19_782],
    ['2024-12-31', 20_088],
    ['9999-12-31', 2_932_896],
  ])('%s is day %d, both ways', (text, day) => {
    expect(parseIsoDate(text)).toBe(day);
    expect(toIsoDate(day as LocalDay)).toBe(text);
  });

  test.each([
    '2025-02-29',
    '1900-02-29',
    '2025-02-30',
    '2025-04-31',
    '2025-13-01',
    '2025-00-10',
    '2025-01-00',
    '2025-01-32',
    '0000-01-01',
    '2025-1-1',
    '20250101',
    '2025/01/01',
    '+2025-01-01',
    '-025-01-01',
    '2025-01-01 ',
    ' 2025-01-01',
    '2025-01-01T',
    '２０２５-01-01',
    '2025-0x-01',
    '',
  ])('%j is no calendar date', (text) => {
    expect(parseIsoDate(text)).toBeUndefined();
  });

  it('agrees with the calendar of Date on any day, and neighbours differ by one', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const date = new Date(day * 86_400_000);
        expect(toIsoDate(day)).toBe(date.toISOString().slice(0, 10));
        expect(parseIsoDate(toIsoDate(day))).toBe(day);
        expect(addDays(day, 1) - day).toBe(1);
      }),
    );
  });

  test.each([FIRST_LOCAL_DAY - 1, LAST_LOCAL_DAY + 1, 0.5, Number.NaN])('day %d cannot be written as a date', (day) => {
    expect(() => toIsoDate(day as LocalDay)).toThrow(RangeError);
  });
});
