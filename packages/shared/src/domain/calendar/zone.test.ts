import { parseInstant } from './instant';
import { type LocalDay, parseIsoDate, toIsoDate } from './local-day';
import { findZone, isOffsetLike, type Zone } from './zone';

function zoneOf(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) {
    throw new Error(`${name} should be a zone`);
  }
  return zone;
}

function dayOf(text: string): LocalDay {
  return parseIsoDate(text) ?? (Number.NaN as LocalDay);
}

describe('names of time zones', () => {
  test.each(['Europe/London', 'US/Pacific', 'Asia/Calcutta', 'UTC', 'Etc/GMT+3', 'EST5EDT', 'GMT', 'Europe/Kyiv'])(
    '%s is a zone and keeps its name',
    (name) => {
      expect(findZone(name)?.name).toBe(name);
    },
  );

  it('takes any letter case and keeps the name as given', () => {
    const zone = zoneOf('america/NEW_york');
    expect(zone.name).toBe('america/NEW_york');
    expect(zone.startOfDay(dayOf('2025-01-15'))).toBe(zoneOf('America/New_York').startOfDay(dayOf('2025-01-15')));
  });

  test.each([
    ['an offset', '+05:30'],
    ['an offset without colon', '-0800'],
    ['an offset of hours', '+05'],
    ['an offset from UTC', 'UTC+3'],
    ['an offset from GMT', 'GMT-11'],
    ['Z', 'Z'],
    ['an abbreviation that ICU takes for Dhaka', 'BST'],
    ['an abbreviation of ICU', 'pst'],
    ['a name of ICU', 'SystemV/PST8PDT'],
    ['a keyword of luxon', 'local'],
    ['another', 'system'],
    ['no city', 'Mars/Olympus_Mons'],
    ['a property of objects', '__proto__'],
    ['another property', 'constructor'],
    ['a space', ' UTC'],
    ['a path', '../../UTC'],
    ['a letter that folds to ASCII', 'A\u017fia/Tokyo'],
    ['a long text', 'A'.repeat(100_000)],
    ['nothing', ''],
  ])('%s is none', (_, name) => {
    expect(findZone(name)).toBeUndefined();
  });

  test.each([
    ['+05:30', true],
    ['-0800', true],
    ['utc+3', true],
    ['GMT-11:00', true],
    ['\u22125', true],
    ['Z', true],
    ['GMT+0', false],
    ['Etc/GMT+3', false],
    ['Europe/London', false],
    ['BST', false],
  ])('%s looks like an offset: %s', (text, expected) => {
    expect(isOffsetLike(text)).toBe(expected);
  });

  it('answers alike after more spellings and more days than it keeps', () => {
    const before = zoneOf('America/New_York').dayOf(Date.UTC(2025, 0, 15, 4));
    for (let bits = 0; bits < 3000; bits += 1) {
      const spelling = [...'america/new_york'].map((letter, index) =>
        (bits >> index) & 1 ? letter.toUpperCase() : letter,
      );
      expect(findZone(spelling.join(''))).toBeDefined();
    }
    expect(zoneOf('America/New_York').dayOf(Date.UTC(2025, 0, 15, 4))).toBe(before);
    expect(toIsoDate(before)).toBe('2025-01-14');
  });
});

describe('starts of days', () => {
  test.each([
    ['Europe/London', '2025-01-15', '2025-01-15T00:00:00Z', 'an ordinary day'],
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00Z', 'no midnight: it starts at 01:00'],
    ['America/Sao_Paulo', '2018-02-18', '2018-02-18T03:00:00Z', 'the 17th lasts 25 h: 23:00 comes twice'],
    ['Atlantic/Azores', '2025-10-26', '2025-10-26T00:00:00Z', 'the first of two midnights'],
    ['America/Havana', '2025-11-02', '2025-11-02T04:00:00Z', 'the first of two midnights'],
    ['America/St_Johns', '2006-10-29', '2006-10-29T02:30:00Z', 'back at 00:01 to 23:01 of the day before'],
    [
      'Antarctica/Vostok',
      '1994-02-01',
      '1994-02-01T00:00:00Z',
      'seven hours back on the stroke of midnight, never shown',
    ],
    ['Pacific/Apia', '2011-12-29', '2011-12-29T10:00:00Z', 'the day before the missing one'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z', 'a missing day starts where the next one does'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00Z', 'the day after the missing one'],
    ['Pacific/Kwajalein', '1993-08-22', '1993-08-21T12:00:00Z', 'the day after the missing 21st'],
    ['Asia/Kathmandu', '2025-01-15', '2025-01-14T18:15:00Z', '+05:45'],
    ['Africa/Monrovia', '1971-06-01', '1971-06-01T00:44:30Z', 'half a minute in its offset'],
    ['Africa/Monrovia', '1972-01-07', '1972-01-07T00:44:30Z', 'no midnight: 00:00:00 becomes 00:44:30'],
    ['Africa/Monrovia', '1972-01-08', '1972-01-08T00:00:00Z', 'whole hours from then on'],
    ['America/New_York', '1970-01-01', '1970-01-01T05:00:00Z', 'the first day'],
    ['America/New_York', '2149-06-01', '2149-06-01T04:00:00Z', 'near the end of what is kept'],
    ['America/New_York', '2600-06-01', '2600-06-01T04:00:00Z', 'beyond what is kept'],
    ['Pacific/Kiritimati', '9999-12-31', '9999-12-30T10:00:00Z', 'the last date'],
  ])('%s %s starts at %s: %s', (name, date, start) => {
    const zone = zoneOf(name);
    const startMs = zone.startOfDay(dayOf(date));
    expect(startMs).toBe(parseInstant(start));
    expect(zone.dayOf(startMs)).toBeGreaterThanOrEqual(dayOf(date));
    expect(zone.dayOf(startMs - 1)).toBeLessThan(dayOf(date));
  });

  it('an instant of 1970 may still be in 1969', () => {
    expect(toIsoDate(zoneOf('Pacific/Honolulu').dayOf(0))).toBe('1969-12-31');
  });

  it('no instant falls on a day that never was', () => {
    const zone = zoneOf('Pacific/Apia');
    const skipMs = parseInstant('2011-12-30T10:00:00Z') ?? 0;
    expect([skipMs - 1, skipMs].map((instantMs) => toIsoDate(zone.dayOf(instantMs)))).toEqual([
      '2011-12-29',
      '2011-12-31',
    ]);
  });

  it('the second pass through an evening does not bring the day before back', () => {
    const zone = zoneOf('America/St_Johns');
    // 23:01 to 23:59 of the 28th, for the second time.
    expect(toIsoDate(zone.dayOf(parseInstant('2006-10-29T02:45:00Z') ?? 0))).toBe('2006-10-29');
  });
});
