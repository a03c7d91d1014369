import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { Session } from '@streaks/shared/domain/events/session';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool } from 'pg';
import { applyUntilCommitted, createTestProjection, toSessionRecord } from './test-support/drive-projection';

const ROUNDS = 500;
const USERS_A_ROUND = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY_MS = Date.UTC(2026, 0, 5);
const projection = createTestProjection();

let database: TestDatabase;
let lanes: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  lanes = new Pool({
    connectionString: database.url,
    max: 2,
    options: laneConnectionOptions,
    application_name: 'lanes',
  });
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0), (1)');
}, 60_000);
afterAll(async () => {
  await lanes.end();
  await database.drop();
});

/** Both owners' transactions at once; returns the errors after which one was repeated. */
async function raceOwners(batches: readonly (readonly Session[])[]): Promise<readonly (Error & { code: string })[]> {
  const repeats: (Error & { code: string })[] = [];
  await Promise.all(
    batches.map(async (sessions, owner) => {
      const client = await lanes.connect();
      try {
        const records = sessions.map((session, index) => toSessionRecord(session, index));
        await applyUntilCommitted(client, projection, records, (error) => repeats.push(error), owner);
      } finally {
        client.release();
      }
    }),
  );
  return repeats;
}

function hourOn(userId: string, sessionId: string, dayNumber: number): Session {
  const startMs = FIRST_DAY_MS + dayNumber * DAY_MS + 9 * HOUR_MS;
  return { userId, sessionId, startMs, endMs: startMs + HOUR_MS, timezone: 'UTC' };
}

describe('two owners at once', () => {
  it('both find 10,000 new users and neither loses the day that the other added', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const users = Array.from({ length: USERS_A_ROUND }, (_, index) => `new-${round}-${index}`);
      const repeats = await raceOwners([
        users.map((user) => hourOn(user, 'monday', 0)),
        users.map((user) => hourOn(user, 'tuesday', 1)).reverse(),
      ]);
      // Not even by the last guard, the version condition: locks alone must be enough.
      expect(repeats).toEqual([]);
    }
    const { rows } = await database.pool.query(
      `SELECT runs::text, version, qualified_days_count AS days, count(*)::int AS users FROM user_streaks
       WHERE user_id LIKE 'new-%' GROUP BY 1, 2, 3`,
    );
    expect(rows).toEqual([{ runs: '{[2026-01-05,2026-01-07)}', version: '2', days: 2, users: ROUNDS * USERS_A_ROUND }]);
    const history = await database.pool.query(
      `SELECT version, count(DISTINCT user_id)::int AS users, sum(qualified_days_before)::int AS days_before
       FROM streak_history WHERE user_id LIKE 'new-%' GROUP BY 1 ORDER BY 1`,
    );
    expect(history.rows).toEqual([
      { version: '1', users: ROUNDS * USERS_A_ROUND, days_before: 0 },
      { version: '2', users: ROUNDS * USERS_A_ROUND, days_before: ROUNDS * USERS_A_ROUND },
    ]);
  }, 120_000);

  it('take locks in one order: the same users in opposite orders never deadlock, and every millisecond is counted', async () => {
    const users = Array.from({ length: 200 }, (_, index) => `shared-${index}`);
    const rounds = 40;
    // The days and streaks are there before, so that both owners change rows rather than create them.
    await raceOwners([users.map((user) => hourOn(user, 'first', 0))]);
    for (let round = 0; round < rounds; round += 1) {
      const repeats = await raceOwners([
        users.map((user) => hourOn(user, `a-${round}`, 0)),
        users.map((user) => hourOn(user, `b-${round}`, 0)).reverse(),
      ]);
      expect(repeats).toEqual([]);
    }
    const { rows } = await database.pool.query(
      `SELECT total, count(*)::int AS days FROM daily_totals WHERE user_id LIKE 'shared-%' GROUP BY 1`,
    );
    expect(rows).toEqual([{ total: String((2 * rounds + 1) * HOUR_MS), days: users.length }]);
  }, 60_000);

  it('both create the same days and sessions: repeated without COPY, stored once, counted once', async () => {
    for (let round = 0; round < 30; round += 1) {
      const users = Array.from({ length: 50 }, (_, index) => `same-${round}-${index}`);
      const both = users.map((user) => hourOn(user, 'both', 0));
      const repeats = await raceOwners([
        [...both, ...users.map((user) => hourOn(user, 'one', 0))],
        [...users.map((user) => hourOn(user, 'two', 0)), ...both].reverse(),
      ]);
      expect(repeats.filter(({ code }) => code !== '23505')).toEqual([]);
    }
    const { rows } = await database.pool.query(
      `SELECT total, count(*)::int AS days FROM daily_totals WHERE user_id LIKE 'same-%' GROUP BY 1`,
    );
    expect(rows).toEqual([{ total: String(3 * HOUR_MS), days: 1_500 }]);
  }, 60_000);
});
