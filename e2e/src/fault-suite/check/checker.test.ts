import { isoDate } from '@streaks/testing/reference-fold';
import { generateChunks } from '../input/generate-chunks';
import type { CollectedRun, StoredChange, StoredLetter } from './collected-run';
import { type Expectation, expectationOf, letterKeyOf } from './expectation';
import type { Fault } from './fault';
import { proveChecker } from './planted-faults';
import { publishedFaults } from './published-faults';
import { storedFaults } from './stored-faults';
import { changeText, streakText } from './texts';

const input = { seed: 11, users: 15, partitions: 12, chunkEvents: 100 };
const CHUNKS = 12;

/** What a product without a fault would leave behind, made from the expectation alone: each user's days in order, in shard 0. */
function faultlessRun(): { run: CollectedRun; expected: Expectation } {
  const inLog = new Map<string, number>();
  const source = generateChunks(input);
  for (let index = 0; index < CHUNKS; index += 1) {
    const chunk = source.next().value;
    const letters = chunk.mode === 'aborted' ? [] : chunk.events.map(letterKeyOf).filter((key) => key !== undefined);
    for (const letter of letters) inLog.set(letter, (inLog.get(letter) ?? 0) + 1);
  }
  const expected = expectationOf({ options: input, chunks: CHUNKS, inLog });
  let outSeq = 0;
  const history: StoredChange[] = [];
  for (const [userId, { qualifiedDates }] of [...expected.users].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let before: StoredChange | undefined;
    for (const [index, date] of qualifiedDates.entries()) {
      const isNext = before?.lastQualifiedAfter === isoDate(Date.parse(`${date}T00:00:00Z`) / 86_400_000 - 1);
      const currentAfter = isNext ? (before?.currentAfter ?? 0) + 1 : 1;
      outSeq += 1;
      before = {
        userId,
        version: index + 1,
        qualifiedDate: date,
        currentBefore: before?.currentAfter ?? 0,
        currentAfter,
        longestBefore: before?.longestAfter ?? 0,
        longestAfter: Math.max(before?.longestAfter ?? 0, currentAfter),
        qualifiedDaysBefore: index,
        qualifiedDaysAfter: index + 1,
        lastQualifiedBefore: before?.lastQualifiedAfter ?? null,
        lastQualifiedAfter: date,
        eventId: `${userId}-${index + 1}`,
        shard: 0,
        outSeq,
      };
      history.push(before);
    }
  }
  const streaks = [...expected.users]
    .filter(([, { runs }]) => runs.length > 0)
    .map(([userId, { runs, timezone, qualifiedDates }]) => ({
      userId,
      runs,
      timezone,
      version: qualifiedDates.length,
      currentRunLength: runs.at(-1)?.length ?? 0,
      longestRunLength: Math.max(...runs.map(({ length }) => length)),
      lastQualifiedDate: qualifiedDates.at(-1) ?? null,
      qualifiedDaysCount: qualifiedDates.length,
    }));
  const letters = [...inLog].flatMap(([letter, count]) =>
    Array.from({ length: count }, (): StoredLetter => {
      const [reason = '', first = '', eventId = null] = letter.split(' ');
      const isConflict = reason === 'SESSION_CONFLICT';
      outSeq += 1;
      return {
        topicId: 'topic',
        partition: 0,
        offset: String(outSeq),
        reason,
        key: isConflict ? null : first,
        userId: isConflict ? first : null,
        eventId,
        shard: 0,
        outSeq,
      };
    }),
  );
  const changes = history.map((row) => ({ ...row, partition: 0, content: changeText(row) }));
  const run: CollectedRun = {
    sessions: [...expected.sessions.values()],
    totals: [...expected.users].flatMap(([userId, { days }]) =>
      [...days].map(([date, { totalMs, latest }]) => ({
        userId,
        date,
        totalMs,
        latestEndMs: latest.endMs,
        latestId: latest.sessionId,
        latestTimezone: latest.timezone,
      })),
    ),
    streaks,
    history,
    letters,
    shards: [{ shard: 0, outSeq, publishedSeq: outSeq, projectedSeq: outSeq }],
    redis: streaks,
    published: {
      changes: { kafkajs: changes, Java: changes.map(({ content: _, ...change }) => change) },
      states: streaks.map((row) => ({
        partition: 0,
        key: `focus:${row.userId}`,
        version: row.version,
        state: streakText(row),
      })),
      letters,
    },
  };
  return { run, expected };
}

describe('the checker of the fault suite', () => {
  const { run, expected } = faultlessRun();
  const check = (changed: CollectedRun): Fault[] => [...storedFaults(changed, expected), ...publishedFaults(changed)];

  it('finds no fault in a run without one', () => {
    expect(check(run)).toEqual([]);
    expect(run.history.length).toBeGreaterThan(50);
    expect(run.letters.length).toBeGreaterThan(3);
  });

  it('finds each fault that is planted', () => {
    expect(proveChecker(run, check)).toEqual(
      expect.arrayContaining(['a lost session', 'a wrong total', 'a change published twice (Java)']),
    );
  });

  it('does not pass for a checker when it is blind in one place', () => {
    const blind = (place: string) => (changed: CollectedRun) =>
      check(changed).filter(({ where }) => !where.startsWith(place));
    for (const place of ['focus_sessions', 'daily_totals', 'streak-changes read by Java', 'user-streaks', 'Redis']) {
      expect(() => proveChecker(run, blind(place))).toThrow('the checker does not find');
    }
  });

  it('refuses to plant faults in a run that has one', () => {
    expect(() => proveChecker({ ...run, redis: [] }, check)).toThrow('already');
  });

  it('finds a record of an aborted transaction that was applied', () => {
    const [first] = run.sessions;
    if (first === undefined) throw new Error('no session');
    const faults = check({ ...run, sessions: [...run.sessions, { ...first, sessionId: 'aborted-1' }] });
    expect(faults).toEqual([
      { kind: 'wrong', where: 'focus_sessions', detail: `${first.userId} aborted-1 should not be there` },
    ]);
  });
});
