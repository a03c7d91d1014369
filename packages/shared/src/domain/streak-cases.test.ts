import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant } from './calendar/instant';
import { toIsoDate } from './calendar/local-day';
import { findZone } from './calendar/zone';
import { foldSessions } from './streaks/day-totals';
import { evaluateStreak } from './streaks/evaluate-streak';

interface StreakCase {
  readonly name: string;
  readonly sessions: readonly { sessionId: string; startTime: string; endTime: string; timezone: string }[];
  readonly thresholdMinutes: number;
  readonly asOf: string;
  readonly asOfTimezone: string;
  readonly expect: object;
  readonly note: string;
}

const cases = readFileSync(join(__dirname, '../../cases/streak-cases.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as StreakCase);

function instantOf(text: string): number {
  return parseInstant(text) ?? Number.NaN;
}

function answer({ sessions, thresholdMinutes, asOf, asOfTimezone }: StreakCase): object {
  const { dailyTotals, state } = foldSessions(
    sessions.map(({ sessionId, startTime, endTime, timezone }) => ({
      userId: 'user',
      sessionId,
      startMs: instantOf(startTime),
      endMs: instantOf(endTime),
      timezone,
    })),
    thresholdMinutes * 60_000,
  );
  const today = findZone(asOfTimezone)?.dayOf(instantOf(asOf)) ?? Number.NaN;
  const { lastQualifiedDate, ...counts } = evaluateStreak(state, today as never, { cutAfterToday: true });
  const dailySeconds = [...dailyTotals].map(([day, { milliseconds }]) => [
    toIsoDate(day),
    Math.trunc(milliseconds / 1000),
  ]);
  return {
    dailySeconds: Object.fromEntries(dailySeconds),
    ...counts,
    lastQualifiedDate: lastQualifiedDate === null ? null : toIsoDate(lastQualifiedDate),
  };
}

describe('worked examples', () => {
  it('has all 37', () => {
    expect(cases).toHaveLength(37);
  });

  test.each(cases)('$name: $note', (streakCase) => {
    expect(answer(streakCase)).toEqual(streakCase.expect);
  });
});
