import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { type Session, sameSession } from '@streaks/shared/domain/events/session';
import { foldSessions } from '@streaks/shared/domain/streaks/day-totals';
import { summarise } from '@streaks/shared/domain/streaks/streak-state';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import fc from 'fast-check';
import {
  applyUntilCommitted,
  createTestProjection,
  TEST_TARGETS,
  toSessionRecord,
} from './test-support/drive-projection';
import { readUserDays, readUserHistory, readUserState, type StoredDay } from './test-support/stored-users';

const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/London',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Africa/Casablanca',
];
/** Days on which clocks or dates do something odd, and one ordinary one. */
const STARTS_MS = ['2011-12-29T00:00Z', '2018-11-02T00:00Z', '2025-03-29T00:00Z', '2025-06-10T00:00Z'].map(Date.parse);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

// Few users and ids, so that repeats, conflicts and shared days are common. Surrogates sort otherwise in UTF-16 than in bytes.
const arbitrarySession = fc
  .record({
    user: fc.constantFrom('a', 'b', '\uffee'),
    sessionId: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9', 's-é', '\u{1f525}', '\uff21'),
    startsAt: fc.constantFrom(...STARTS_MS),
    minutes: fc.integer({ min: 0, max: 6 * 1440 }),
    length: fc.oneof(
      fc.constantFrom(10, 29, 30, 31, 60),
      fc.integer({ min: 1, max: 180 }),
      fc.integer({ min: 1, max: 7 * 1440 }),
    ),
    oddMs: fc.constantFrom(0, 0, 0, 1, 999),
    timezone: fc.constantFrom(...ZONES),
  })
  .map(({ user, sessionId, startsAt, minutes, length, oddMs, timezone }) => {
    const startMs = startsAt + minutes * MINUTE_MS;
    const endMs = Math.min(startMs + length * MINUTE_MS + oddMs, startMs + 7 * DAY_MS);
    return { userId: user, sessionId, startMs, endMs, timezone };
  });

const arbitraryBatch = fc.record({
  sessions: fc.array(arbitrarySession, { minLength: 1, maxLength: 12 }),
  repeatsOfEarlier: fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
  attempt: fc.constantFrom(0, 0, 0, 1, 2),
  restarts: fc.boolean(),
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
});
afterAll(() => database.drop());

describe('the streaks projection', () => {
  it('reaches the state of the set of sessions and an unbroken history, whatever the order, batches, repeats and conflicts', async () => {
    const client = await database.pool.connect();
    let round = 0;
    let projection = createTestProjection();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryBatch, { minLength: 1, maxLength: 8 }), async (batches) => {
          round += 1;
          const users = new Map<string, Session[]>();
          const seen: Session[] = [];
          for (const [number, { sessions, repeatsOfEarlier, attempt, restarts }] of batches.entries()) {
            const own = sessions.map((session) => ({ ...session, userId: `${round}-${session.userId}` }));
            const repeats = repeatsOfEarlier.flatMap((index) => seen[index % Math.max(1, seen.length)] ?? []);
            const batch = [...own, ...repeats];
            seen.push(...own);
            const expected = judge(users, batch);
            if (restarts) projection = createTestProjection();
            const { outcome, rejectedIds } = await applyUntilCommitted(
              client,
              projection,
              batch.map((session, index) => toSessionRecord(session, number * 1_000 + index)),
              ({ code }) => expect(code).toBe('23505'), // a row that a restarted projection no longer knows
              0,
              attempt,
            );
            expect(outcome.sessions).toMatchObject(expected.counts);
            expect(rejectedIds).toEqual(expected.conflicting);
          }
          for (const [userId, sessions] of users) await expectUser(userId, sessions);
        }),
        { numRuns: 150 },
      );
    } finally {
      client.release();
    }
  }, 120_000);
});

/** The first session of an identity is kept; adds the kept ones to `users`. */
function judge(users: Map<string, Session[]>, batch: readonly Session[]) {
  const counts = { stored: 0, duplicate: 0, conflict: 0 };
  const conflicting: string[] = [];
  for (const session of batch) {
    const ofUser = users.get(session.userId) ?? [];
    users.set(session.userId, ofUser);
    const kept = ofUser.find(({ sessionId }) => sessionId === session.sessionId);
    if (kept === undefined) {
      ofUser.push(session);
      counts.stored += 1;
    } else if (sameSession(kept, session)) {
      counts.duplicate += 1;
    } else {
      counts.conflict += 1;
      conflicting.push(session.sessionId);
    }
  }
  return { counts, conflicting };
}

async function expectUser(userId: string, sessions: readonly Session[]): Promise<void> {
  const expected = foldSessions(sessions, TEST_TARGETS.focus);
  const days = [...expected.dailyTotals].map(([day, { milliseconds, latest }]) => [
    day,
    { total: milliseconds, latest },
  ]);
  expect(await readUserDays(database.pool, userId)).toEqual(new Map(days as [LocalDay, StoredDay][]));
  const { runs, timezone, version } = await readUserState(database.pool, userId);
  expect({ runs, timezone }).toEqual({ runs: expected.state.runs, timezone: expected.state.timezone });

  const history = await readUserHistory(database.pool, userId);
  expect(history.map((row) => row.version)).toEqual(history.map((_, index) => index + 1));
  expect(version).toBe(history.length);
  const added = history.flatMap(({ qualifiedDate }) => qualifiedDate ?? []).sort((one, other) => one - other);
  const qualified = expected.state.runs.flatMap(({ first, length }) =>
    Array.from({ length }, (_, index) => first + index),
  );
  expect(added).toEqual(qualified);
  for (const [index, row] of history.entries()) {
    const previous = history[index - 1];
    expect([row.current[0], row.longest[0], row.qualifiedDays[0], row.lastQualified[0]]).toEqual(
      previous === undefined
        ? [0, 0, 0, null]
        : [previous.current[1], previous.longest[1], previous.qualifiedDays[1], previous.lastQualified[1]],
    );
  }
  const last = history.at(-1);
  const { currentRunLength, longest, qualifiedDaysCount, lastQualifiedDate } = summarise(expected.state);
  expect([last?.current[1] ?? 0, last?.longest[1] ?? 0, last?.qualifiedDays[1] ?? 0, last?.timezone ?? null]).toEqual([
    currentRunLength,
    longest,
    qualifiedDaysCount,
    expected.state.timezone,
  ]);
  expect(last?.lastQualified[1] ?? null).toBe(lastQualifiedDate === null ? null : toIsoDate(lastQualifiedDate));
}
