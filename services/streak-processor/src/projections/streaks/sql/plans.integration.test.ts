import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Client, type PoolClient } from 'pg';
import { applyInTransaction, createTestProjection, toRecord } from '../test-support/drive-projection';

const HOUR_MS = 3_600_000;
const USERS = 3_000;
const START_MS = Date.UTC(2026, 0, 5, 9);
const BATCHES = 4;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
}, 60_000);
afterAll(() => database.drop());

describe('the statements of a batch', () => {
  it('look rows up by key even if they were planned while the tables held next to nothing', async () => {
    const client = new Client({ connectionString: database.url, options: laneConnectionOptions });
    await client.connect();
    try {
      const lane = client as unknown as PoolClient;
      const apply = (users: number, id: string, attempt: number) => {
        const sessions = Array.from({ length: users }, (_, index) => ({
          userId: `user-${index}`,
          sessionId: id,
          startMs: START_MS,
          endMs: START_MS + HOUR_MS,
          timezone: 'UTC',
        }));
        return applyInTransaction(lane, createTestProjection(), sessions.map((session, index) => toRecord(session, index)), attempt);
      };
      await apply(1, 'tiny-0', 0);
      await database.pool.query('VACUUM ANALYZE');
      // Planned here, for a table of one row, and kept as long as the connection.
      await apply(1, 'tiny-1', 0);
      await apply(1, 'tiny-2', 1);
      await apply(USERS, 'large', 0);

      const rowsRead = async () => {
        const { rows } = await database.pool.query<{ read: string }>(
          `SELECT sum(idx_tup_fetch + seq_tup_read)::bigint AS read FROM pg_stat_user_tables
           WHERE relname IN ('focus_sessions', 'daily_totals', 'user_streaks')`,
        );
        return Number(rows[0]?.read);
      };
      await client.query('SELECT pg_stat_force_next_flush()');
      const before = await rowsRead();
      for (let batch = 0; batch < BATCHES; batch += 1) await apply(USERS, `more-${batch}`, batch % 2);
      await client.query('SELECT pg_stat_force_next_flush()');
      const perSession = ((await rowsRead()) - before) / (BATCHES * USERS);
      // A scan of a table per key would read thousands of rows for each.
      expect(perSession).toBeLessThan(10);
    } finally {
      await client.end();
    }
  }, 60_000);
});
