import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReferenceSession, referenceAnswer, referenceFold } from './reference-fold';
import { referenceZone } from './reference-zone';
import { repositoryRoot } from './repository';

interface StreakCase {
  readonly name: string;
  readonly thresholdMinutes: number;
  readonly asOf: string;
  readonly asOfTimezone: string;
  readonly sessions: readonly { sessionId: string; startTime: string; endTime: string; timezone: string }[];
  readonly expect: { readonly dailySeconds: Readonly<Record<string, number>> };
}

const cases = readFileSync(join(repositoryRoot, 'packages/shared/cases/streak-cases.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as StreakCase);

describe('the reference fold', () => {
  it.each(cases.map((one) => [one.name, one] as const))('agrees with the worked example %s', (_, one) => {
    const sessions = one.sessions.map(({ sessionId, startTime, endTime, timezone }) => ({
      sessionId,
      userId: 'user',
      startMs: Date.parse(startTime),
      endMs: Date.parse(endTime),
      timezone,
    }));
    const user = referenceFold(sessions, one.thresholdMinutes * 60_000).get('user');
    const dailySeconds = Object.fromEntries(
      [...(user?.days ?? [])].map(([date, { totalMs }]) => [date, totalMs / 1_000]),
    );
    expect({ dailySeconds, ...referenceAnswer(user, Date.parse(one.asOf), one.asOfTimezone) }).toEqual(one.expect);
  });

  it('knows all 37 worked examples', () => {
    expect(cases).toHaveLength(37);
  });

  it('starts a day at the first of two midnights', () => {
    // Newfoundland went back from 00:01 to 23:01 until 2011.
    const zone = referenceZone('America/St_Johns');
    const firstMidnightMs = Date.parse('2006-10-29T00:00:00-02:30');
    const day = zone.dayOf(firstMidnightMs);
    expect(zone.startOf(day)).toBe(firstMidnightMs);
    expect(zone.dayOf(Date.parse('2006-10-28T23:30:00-03:30'))).toBe(day);
    expect(zone.dayOf(firstMidnightMs - 1)).toBe(day - 1);
  });

  it('gives no time to a date that the zone never had', () => {
    const zone = referenceZone('Pacific/Apia');
    const missing = Date.parse('2011-12-30T00:00:00Z') / 86_400_000;
    expect(zone.startOf(missing)).toBe(zone.startOf(missing + 1));
  });

  it('folds 100,000 sessions in a moment', () => {
    const zones = ['America/New_York', 'Europe/London', 'Asia/Tokyo', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
    const firstMs = Date.parse('2025-03-01T00:00:00Z');
    const sessions: ReferenceSession[] = Array.from({ length: 100_000 }, (_, i) => {
      const startMs = firstMs + ((i * 7_919) % 1_209_600) * 1_000;
      const timezone = zones[i % zones.length] ?? 'UTC';
      return {
        sessionId: `s${i}`,
        userId: `u${i % 9_973}`,
        startMs,
        endMs: startMs + 900_000 + (i % 3_000) * 1_000,
        timezone,
      };
    });
    const startedMs = performance.now();
    const users = referenceFold(sessions, 1_800_000);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const totalMs = [...users.values()]
      .flatMap(({ days }) => [...days.values()])
      .reduce((sum, day) => sum + day.totalMs, 0);
    expect(totalMs).toBe(sessions.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0));
  });
});
