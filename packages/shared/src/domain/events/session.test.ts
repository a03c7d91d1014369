import fc from 'fast-check';
import { DEFAULT_MAX_FUTURE_MS } from './faults';
import {
  DEFAULT_MAX_DURATION_MS,
  isLaterEvent,
  latestEvent,
  type Session,
  type SessionCandidate,
  sameSession,
  sessionFaults,
} from './session';

const NOON_MS = Date.UTC(2025, 0, 15, 12);
const LIMITS = { recordTimeMs: NOON_MS, maxDurationMs: DEFAULT_MAX_DURATION_MS, maxFutureMs: DEFAULT_MAX_FUTURE_MS };
const SESSION: Session = {
  userId: 'user-1',
  sessionId: 'session-1',
  startMs: NOON_MS - 3_600_000,
  endMs: NOON_MS,
  timezone: 'Europe/London',
};

function codes(changes: SessionCandidate): readonly string[] {
  return sessionFaults({ ...SESSION, ...changes }, LIMITS).map(({ field, code }) => `${field} ${code}`);
}

describe('faults of a session', () => {
  it('are none for a good one, without allocating a list each time', () => {
    expect(sessionFaults(SESSION, LIMITS)).toEqual([]);
    expect(sessionFaults(SESSION, LIMITS)).toBe(sessionFaults({ ...SESSION, sessionId: 'other' }, LIMITS));
  });

  test.each<[string, SessionCandidate, readonly string[]]>([
    ['exactly 7 days', { startMs: NOON_MS - DEFAULT_MAX_DURATION_MS }, []],
    ['7 days and 1 ms', { startMs: NOON_MS - DEFAULT_MAX_DURATION_MS - 1 }, ['endTime TOO_LONG']],
    ['ending in exactly 5 minutes', { endMs: NOON_MS + 300_000 }, []],
    ['ending 1 ms later', { endMs: NOON_MS + 300_001 }, ['endTime IN_THE_FUTURE']],
    ['of no length', { startMs: NOON_MS }, ['endTime END_NOT_AFTER_START']],
    ['ending before it starts', { endMs: NOON_MS - 3_600_001 }, ['endTime END_NOT_AFTER_START']],
    ['from the first instant of 1970', { startMs: 0, endMs: 1 }, []],
    ['from before 1970', { startMs: -1, endMs: 1 }, ['startTime BEFORE_1970']],
    ['wholly before 1970', { startMs: -2, endMs: -1 }, ['startTime BEFORE_1970', 'endTime BEFORE_1970']],
    [
      'without instants',
      { startMs: undefined, endMs: undefined },
      ['startTime NOT_AN_INSTANT', 'endTime NOT_AN_INSTANT'],
    ],
    ['with half milliseconds', { startMs: 0.5 }, ['startTime NOT_AN_INSTANT']],
    [
      'with instants that are no numbers',
      { startMs: Number.NaN, endMs: '1' },
      ['startTime NOT_AN_INSTANT', 'endTime NOT_AN_INSTANT'],
    ],
    ['with an offset for a zone', { timezone: '+05:30' }, ['timezone OFFSET_TIMEZONE']],
    ['with an offset from UTC for a zone', { timezone: 'UTC+3' }, ['timezone OFFSET_TIMEZONE']],
    ['with an unknown zone', { timezone: 'Mars/Olympus_Mons' }, ['timezone UNKNOWN_TIMEZONE']],
    ['without a zone', { timezone: null }, ['timezone UNKNOWN_TIMEZONE']],
    ['with bad ids', { userId: '', sessionId: 7 }, ['userId INVALID_ID', 'sessionId INVALID_ID']],
    ['too long and in the future', { startMs: 0, endMs: NOON_MS * 2 }, ['endTime TOO_LONG', 'endTime IN_THE_FUTURE']],
  ])('%s', (_, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  it('are all named at once, and for an empty object too', () => {
    const all = [
      'userId INVALID_ID',
      'sessionId INVALID_ID',
      'startTime NOT_AN_INSTANT',
      'endTime NOT_AN_INSTANT',
      'timezone UNKNOWN_TIMEZONE',
    ];
    expect(sessionFaults({}, LIMITS).map(({ field, code }) => `${field} ${code}`)).toEqual(all);
  });

  it('never echo what was sent', () => {
    const faults = sessionFaults({ ...SESSION, userId: 'a secret', timezone: 'a secret' }, LIMITS);
    expect(faults).toHaveLength(2);
    expect(JSON.stringify(faults)).not.toContain('secret');
  });

  it('are found on anything without throwing', () => {
    const anything = fc.record({
      userId: fc.anything(),
      sessionId: fc.anything(),
      startMs: fc.anything(),
      endMs: fc.anything(),
      timezone: fc.anything(),
    });
    fc.assert(
      fc.property(anything, (candidate) => {
        expect(sessionFaults(candidate, LIMITS).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('two sessions of one identity', () => {
  test.each<[string, Partial<Session>, boolean]>([
    ['the same again', {}, true],
    ['another start', { startMs: 1 }, false],
    ['another end', { endMs: NOON_MS + 1 }, false],
    ['another zone', { timezone: 'Europe/Paris' }, false],
    ['another name of the same zone', { timezone: 'GB' }, false],
  ])('%s', (_, changes, expected) => {
    expect(sameSession(SESSION, { ...SESSION, ...changes })).toBe(expected);
  });
});

describe('the latest event of a day', () => {
  const event = { endMs: 10, id: 'm', timezone: 'UTC' };

  test.each([
    ['a greater end', { ...event, endMs: 11, id: 'a' }, true],
    ['a lesser end', { ...event, endMs: 9, id: 'z' }, false],
    ['the same end and a greater id', { ...event, id: 'n' }, true],
    ['the same end and a lesser id', { ...event, id: 'l' }, false],
    ['a capital letter, whose byte is less', { ...event, id: 'Z' }, false],
    ['itself', event, false],
  ])('%s', (_, other, isLater) => {
    expect(isLaterEvent(other, event)).toBe(isLater);
    expect(latestEvent(other, event)).toBe(isLater ? other : event);
  });

  it('is the only one there is', () => {
    expect(latestEvent(event, undefined)).toBe(event);
  });
});
