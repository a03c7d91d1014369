import { CaseFileError, parseCases } from './parse-cases';

const good = {
  name: 'a',
  thresholdMinutes: 30,
  asOf: '2025-01-15T12:00:00Z',
  asOfTimezone: 'UTC',
  sessions: [{ sessionId: 's', startTime: '2025-01-15T10:00:00Z', endTime: '2025-01-15T11:00:00Z', timezone: 'UTC' }],
  expect: { dailySeconds: {}, currentStreak: 0, longestStreak: 0, lastQualifiedDate: null, qualifiedDaysCount: 0 },
};

describe('parseCases', () => {
  it('reads one case a line and passes over empty lines', () => {
    expect(parseCases(`${JSON.stringify(good)}\n\n${JSON.stringify({ ...good, note: 'more' })}\n`)).toHaveLength(2);
  });

  it.each([
    ['{"name"', 'line 1: no JSON'],
    ['[]', 'line 1: not an object'],
    [JSON.stringify({ ...good, asOf: 'noon' }), 'line 1: missing or wrong: asOf'],
    [
      JSON.stringify({ ...good, sessions: [{ sessionId: 's' }] }),
      'sessions[0].startTime, sessions[0].endTime, sessions[0].timezone',
    ],
    [
      JSON.stringify({ ...good, expect: { ...good.expect, dailySeconds: { '2025-01-15': -1 } } }),
      'expect.dailySeconds',
    ],
  ])('names the line and the field of %s', (line, message) => {
    expect(() => parseCases(line)).toThrow(CaseFileError);
    expect(() => parseCases(line)).toThrow(message);
  });
});
