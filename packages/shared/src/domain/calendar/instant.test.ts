import fc from 'fast-check';
import { FIRST_INSTANT_MS, formatInstant, LAST_INSTANT_MS, parseInstant } from './instant';

describe('instants', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00Z', 0],
    ['2025-01-15T10:29:59Z', Date.UTC(2025, 0, 15, 10, 29, 59)],
    ['2025-01-15T10:29:59.5Z', Date.UTC(2025, 0, 15, 10, 29, 59, 500)],
    ['2025-01-15T10:29:59.12Z', Date.UTC(2025, 0, 15, 10, 29, 59, 120)],
    ['2025-01-15T10:29:59.123999999Z', Date.UTC(2025, 0, 15, 10, 29, 59, 123)],
    ['2025-01-16T12:30:00+09:00', Date.UTC(2025, 0, 16, 3, 30)],
    ['2025-01-16T12:30-03:30', Date.UTC(2025, 0, 16, 16)],
    ['2025-01-01T00:00:00.001+14:00', Date.UTC(2024, 11, 31, 10, 0, 0, 1)],
    ['2025-01-01T00:00:00-00:00', Date.UTC(2025, 0, 1)],
    ['0001-01-01T00:00:00Z', FIRST_INSTANT_MS],
    ['9999-12-31T23:59:59.999999999Z', LAST_INSTANT_MS],
    ['1969-12-31T23:59:59.999Z', -1],
  ])('%s is %d', (text, instantMs) => {
    expect(parseInstant(text)).toBe(instantMs);
  });

  test.each([
    ['no offset', '2025-01-15T10:00:00'],
    ['a date alone', '2025-01-15'],
    ['an impossible date', '2025-02-30T10:00:00Z'],
    ['hour 24', '2025-01-15T24:00:00Z'],
    ['minute 60', '2025-01-15T10:60:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['small letters', '2025-01-15t10:00:00z'],
    ['a space for T', '2025-01-15 10:00:00Z'],
    ['no minutes', '2025-01-15T10Z'],
    ['an offset without colon', '2025-01-15T10:00:00+0530'],
    ['an offset of hours alone', '2025-01-15T10:00:00+05'],
    ['offset hour 24', '2025-01-15T10:00:00+24:00'],
    ['offset minute 60', '2025-01-15T10:00:00+05:60'],
    ['a real minus sign', '2025-01-15T10:00:00\u221205:00'],
    ['a fraction without digits', '2025-01-15T10:00:00.Z'],
    ['a fraction of ten digits', '2025-01-15T10:00:00.0123456789Z'],
    ['a comma', '2025-01-15T10:00:00,5Z'],
    ['a fraction of minutes', '2025-01-15T10:00.5Z'],
    ['text after it', '2025-01-15T10:00:00Zjunk'],
    ['text after its offset', '2025-01-15T10:00:00+05:30x'],
    ['space before it', ' 2025-01-15T10:00:00Z'],
    ['a zone in brackets', '2025-01-15T10:00:00Z[UTC]'],
    ['a week date', '2025-W03-3T10:00:00Z'],
    ['a fifth digit in the year', '12025-01-15T10:00:00Z'],
    ['year 0', '0000-06-01T00:00:00Z'],
    ['a year before 1 by its offset', '0001-01-01T00:00:00+00:01'],
    ['a year after 9999 by its offset', '9999-12-31T23:59:59-00:01'],
    ['a number', '1736935200000'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('agrees with Date on every whole millisecond, both ways and in any offset', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: FIRST_INSTANT_MS + 86_400_000, max: LAST_INSTANT_MS - 86_400_000 }),
        fc.integer({ min: -1439, max: 1439 }),
        (instantMs, offsetMinutes) => {
          const text = new Date(instantMs).toISOString();
          expect(formatInstant(instantMs)).toBe(text);
          expect(parseInstant(text)).toBe(instantMs);
          const size = Math.abs(offsetMinutes);
          const offset = [Math.trunc(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
          const local = new Date(instantMs + offsetMinutes * 60_000).toISOString().slice(0, -1);
          expect(parseInstant(`${local}${offsetMinutes < 0 ? '-' : '+'}${offset}`)).toBe(instantMs);
        },
      ),
    );
  });

  it('never throws and accepts nothing that Date refuses', () => {
    const nearly = fc
      .array(fc.constantFrom(...'0123456789-:.TZ+ '), { minLength: 10, maxLength: 36 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string()), (text) => {
        const instantMs = parseInstant(text);
        expect(instantMs === undefined || instantMs === Date.parse(text)).toBe(true);
      }),
    );
  });

  test.each([0.5, Number.NaN, LAST_INSTANT_MS + 1, FIRST_INSTANT_MS - 1])('cannot write %d', (instantMs) => {
    expect(() => formatInstant(instantMs)).toThrow(RangeError);
  });
});
