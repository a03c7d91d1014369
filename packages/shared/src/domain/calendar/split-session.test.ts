import { parseInstant } from './instant';
import { toIsoDate } from './local-day';
import { splitSession } from './split-session';
import { findZone, type Zone } from './zone';

function split(zoneName: string, start: string, end: string): Record<string, number> {
  const zone = findZone(zoneName) as Zone;
  const shares = splitSession(parseInstant(start) ?? Number.NaN, parseInstant(end) ?? Number.NaN, zone);
  return Object.fromEntries(shares.map(({ day, milliseconds }) => [toIsoDate(day), milliseconds]));
}

describe('splitting a session at local midnights', () => {
  it('gives a session within a day to that day, to the millisecond', () => {
    expect(split('UTC', '2025-01-15T10:00:00.001Z', '2025-01-15T10:00:00.003Z')).toEqual({ '2025-01-15': 2 });
  });

  it('gives nothing to the day on whose first instant it ends', () => {
    expect(split('UTC', '2025-01-15T23:59:59.999Z', '2025-01-16T00:00:00Z')).toEqual({ '2025-01-15': 1 });
  });

  it('splits over as many midnights as it crosses', () => {
    const shares = split('Asia/Tokyo', '2025-01-13T14:00:00Z', '2025-01-15T15:00:01Z');
    expect(shares).toEqual({
      '2025-01-13': 3_600_000,
      '2025-01-14': 86_400_000,
      '2025-01-15': 86_400_000,
      '2025-01-16': 1000,
    });
  });

  it('skips the day that Apia left out', () => {
    const shares = split('Pacific/Apia', '2011-12-30T09:00:00Z', '2011-12-30T12:00:00Z');
    expect(shares).toEqual({ '2011-12-29': 3_600_000, '2011-12-31': 7_200_000 });
  });

  it('gives the repeated evening of St. John’s to the day that had begun', () => {
    const shares = split('America/St_Johns', '2006-10-29T02:29:00Z', '2006-10-29T03:31:00Z');
    expect(shares).toEqual({ '2006-10-28': 60_000, '2006-10-29': 3_660_000 });
  });

  test.each([
    ['America/New_York', '2025-03-09', '2025-03-09T05:00:00Z', '2025-03-10T04:00:00Z', 23],
    ['America/New_York', '2025-11-02', '2025-11-02T04:00:00Z', '2025-11-03T05:00:00Z', 25],
    ['Australia/Lord_Howe', '2025-04-06', '2025-04-05T13:00:00Z', '2025-04-06T13:30:00Z', 24.5],
    ['Australia/Lord_Howe', '2025-10-05', '2025-10-04T13:30:00Z', '2025-10-05T13:00:00Z', 23.5],
    ['Antarctica/Troll', '2025-03-30', '2025-03-30T00:00:00Z', '2025-03-30T22:00:00Z', 22],
    ['Africa/Monrovia', '1972-01-07', '1972-01-07T00:44:30Z', '1972-01-08T00:00:00Z', 23.258_333_333_333_333],
  ])('the day %s %s is one whole', (zoneName, date, start, end, hours) => {
    expect(split(zoneName, start, end)).toEqual({ [date]: hours * 3_600_000 });
  });

  test.each([
    ['of no length', '2025-01-15T10:00:00Z', '2025-01-15T10:00:00Z'],
    ['that ends before it starts', '2025-01-15T10:00:00Z', '2025-01-15T09:00:00Z'],
  ])('gives nothing for a session %s', (_, start, end) => {
    expect(split('UTC', start, end)).toEqual({});
  });

  it('ends at once where an end is not a number', () => {
    expect(splitSession(0, Number.NaN, findZone('UTC') as Zone)).toEqual([]);
  });
});
