import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { Session } from '@streaks/shared/domain/events/session';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool, type PoolClient } from 'pg';
import { applyUntilCommitted, createTestProjection, toSessionRecord } from '../test-support/drive-projection';
import { readUserHistory, readUserState } from '../test-support/stored-users';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY_MS = Date.UTC(2026, 0, 5, 9);

let database: TestDatabase;
let lanes: Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
  lanes = new Pool({ connectionString: database.url, max: 2, options: laneConnectionOptions });
}, 60_000);
afterEach(async () => {
  await lanes.end();
  await database.drop();
});

function hourOn(day: number): Session {
  const startMs = FIRST_DAY_MS + day * DAY_MS;
  return { userId: 'u', sessionId: `day-${day}`, startMs, endMs: startMs + HOUR_MS, timezone: 'UTC' };
}

/** A process of its own, on a connection of its own: applies one day and returns the codes of what was repeated. */
function createOwner(client: PoolClient) {
  const projection = createTestProjection();
  return async (day: number, session = hourOn(day)): Promise<readonly string[]> => {
    const repeats: string[] = [];
    await applyUntilCommitted(client, projection, [toSessionRecord(session, day)], ({ code }) => repeats.push(code));
    return repeats;
  };
}

/** Statements that lock streak rows, as this connection has run them. */
async function lockStatements(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ runs: string }>(
    `SELECT generic_plans + custom_plans AS runs FROM pg_prepared_statements WHERE name = 'streaks_lock_streaks'`,
  );
  return Number(rows[0]?.runs ?? 0);
}

describe('a streak row that this connection wrote', () => {
  it('is written again without being read or locked before', async () => {
    const client = await lanes.connect();
    const apply = createOwner(client);
    await apply(0);
    const locksBefore = await lockStatements(client);
    for (let day = 1; day < 5; day += 1) expect(await apply(day)).toEqual([]);
    expect(await lockStatements(client)).toBe(locksBefore);
    client.release();
    expect(await readUserState(database.pool, 'u')).toMatchObject({ version: 5, runs: [{ length: 5 }] });
  });

  it('and that another owner changed since is found out: repeated once, then locked before it is folded', async () => {
    const [oneClient, otherClient] = [await lanes.connect(), await lanes.connect()];
    const [one, other] = [createOwner(oneClient), createOwner(otherClient)];
    await one(0);
    await other(1); // locks: it never wrote the row
    expect(await one(2)).toEqual(['40001']);
    expect(await other(3)).toEqual(['40001']);
    for (let day = 4; day < 20; day += 2) {
      expect(await one(day)).toEqual([]);
      expect(await other(day + 1)).toEqual([]);
    }
    oneClient.release();
    otherClient.release();
    expect(await readUserState(database.pool, 'u')).toMatchObject({ version: 20, runs: [{ length: 20 }] });
    const history = await readUserHistory(database.pool, 'u');
    expect(history.map(({ current }) => current)).toEqual(history.map((_, index) => [index, index + 1]));
  });

  it('does not hide that another owner added the day whose zone changes now', async () => {
    const [oneClient, otherClient] = [await lanes.connect(), await lanes.connect()];
    const [one, other] = [createOwner(oneClient), createOwner(otherClient)];
    const { startMs, endMs } = hourOn(1);
    await one(0);
    // Not enough for the day, but from then on its row is known and added to without a look.
    await one(1, { ...hourOn(1), sessionId: 'short', endMs: startMs + HOUR_MS / 4 });
    await other(1);
    expect(
      await one(1, { ...hourOn(1), sessionId: 'later', endMs: endMs + HOUR_MS, timezone: 'Europe/London' }),
    ).toEqual([]);
    expect(await readUserState(database.pool, 'u')).toMatchObject({ version: 3, timezone: 'Europe/London' });
    oneClient.release();
    otherClient.release();
  });

  it('is not mistaken for a later version of itself that came to the same place', async () => {
    const client = await lanes.connect();
    const apply = createOwner(client);
    await apply(0);
    await database.pool.query('CREATE TABLE kept AS SELECT * FROM user_streaks');
    await database.pool.query('TRUNCATE user_streaks');
    await database.pool.query(
      `INSERT INTO user_streaks SELECT (jsonb_populate_record(k, '{"version": 7, "longest_run_length": 9}')).* FROM kept k`,
    );
    expect(await apply(1)).toEqual(['40001']);
    client.release();
    expect(await readUserState(database.pool, 'u')).toMatchObject({ version: 8, runs: [{ length: 2 }] });
  });

  it('is not mistaken for the row of another user that took its place', async () => {
    const client = await lanes.connect();
    const apply = createOwner(client);
    await apply(0);
    await database.pool.query('CREATE TABLE kept AS SELECT * FROM user_streaks');
    await database.pool.query('TRUNCATE user_streaks');
    await database.pool.query(
      `INSERT INTO user_streaks SELECT (jsonb_populate_record(k, '{"user_id":"a"}')).* FROM kept k`,
    );
    await database.pool.query('INSERT INTO user_streaks SELECT * FROM kept');
    expect(await apply(1)).toEqual(['40001']);
    client.release();
    expect(await readUserState(database.pool, 'a')).toMatchObject({ version: 1, runs: [{ length: 1 }] });
    expect(await readUserState(database.pool, 'u')).toMatchObject({ version: 2, runs: [{ length: 2 }] });
  });
});
