import fc from 'fast-check';
import { toIsoDate } from '../calendar/local-day';
import { type CheckIn, type CheckInCandidate, checkInDay, checkInFaults, sameCheckIn } from './check-in';

const NOON_MS = Date.UTC(2025, 0, 15, 12);
const LIMITS = { recordTimeMs: NOON_MS, maxFutureMs: 300_000 };
const CHECK_IN: CheckIn = { userId: 'user-1', checkInId: 'check-in-1', atMs: NOON_MS, timezone: 'Europe/London' };

function codes(changes: CheckInCandidate): readonly string[] {
  return checkInFaults({ ...CHECK_IN, ...changes }, LIMITS).map(({ field, code }) => `${field} ${code}`);
}

describe('a check-in', () => {
  test.each<[string, CheckInCandidate, string[]]>([
    ['as it should be', {}, []],
    ['at the end of what is allowed', { atMs: NOON_MS + 300_000 }, []],
    ['at the beginning of 1970', { atMs: 0 }, []],
    ['by an alias in small letters', { timezone: 'us/pacific' }, []],
    ['of a user without an id', { userId: undefined }, ['userId INVALID_ID']],
    ['without an id', { checkInId: '' }, ['checkInId INVALID_ID']],
    ['with a number for an id', { checkInId: 42 }, ['checkInId INVALID_ID']],
    ['at no instant', { atMs: undefined }, ['at NOT_AN_INSTANT']],
    ['at half a millisecond', { atMs: 0.5 }, ['at NOT_AN_INSTANT']],
    ['before 1970', { atMs: -1 }, ['at BEFORE_1970']],
    ['in the future', { atMs: NOON_MS + 300_001 }, ['at IN_THE_FUTURE']],
    ['in a zone of its own', { timezone: 'Mars/Olympus_Mons' }, ['timezone UNKNOWN_TIMEZONE']],
    ['with an offset', { timezone: '+05:30' }, ['timezone OFFSET_TIMEZONE']],
    [
      'with nothing right',
      { userId: null, checkInId: 'a b', atMs: '0', timezone: 7 },
      ['userId INVALID_ID', 'checkInId INVALID_ID', 'at NOT_AN_INSTANT', 'timezone UNKNOWN_TIMEZONE'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  it('has faults without throwing, whatever it is', () => {
    const anything = fc.record({
      userId: fc.anything(),
      checkInId: fc.anything(),
      atMs: fc.anything(),
      timezone: fc.anything(),
    });
    fc.assert(
      fc.property(anything, (candidate) => {
        expect(checkInFaults(candidate, LIMITS).length).toBeGreaterThan(0);
      }),
    );
  });

  it('costs no list where it has none', () => {
    expect(checkInFaults(CHECK_IN, LIMITS)).toBe(checkInFaults({ ...CHECK_IN, checkInId: 'other' }, LIMITS));
  });

  test.each([
    ['Europe/London', '2025-01-15T23:59:59.999Z', '2025-01-15'],
    ['Europe/London', '2025-01-16T00:00:00.000Z', '2025-01-16'],
    ['Asia/Tokyo', '2025-01-15T15:00:00.000Z', '2025-01-16'],
    ['Pacific/Honolulu', '2025-01-16T09:59:59.999Z', '2025-01-15'],
  ])('in %s at %s counts on %s', (timezone, at, expected) => {
    expect(toIsoDate(checkInDay({ timezone, atMs: Date.parse(at) }))).toBe(expected);
  });

  it('counts nowhere with a zone that is none', () => {
    expect(() => checkInDay({ atMs: 0, timezone: 'Mars/Olympus_Mons' })).toThrow(RangeError);
  });

  it('is a repeat with the same instant and zone name, else a conflict', () => {
    expect(sameCheckIn(CHECK_IN, { ...CHECK_IN })).toBe(true);
    expect(sameCheckIn(CHECK_IN, { ...CHECK_IN, atMs: NOON_MS + 1 })).toBe(false);
    expect(sameCheckIn(CHECK_IN, { ...CHECK_IN, timezone: 'GB' })).toBe(false);
  });
});
