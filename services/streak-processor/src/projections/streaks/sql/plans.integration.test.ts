import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Client, type PoolClient } from 'pg';
import { applyInTransaction, createTestProjection, toSessionRecord } from '../test-support/drive-projection';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5, 9);

let database: TestDatabase;
let client: Client;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
  client = new Client({ connectionString: database.url, options: laneConnectionOptions });
  await client.connect();
}, 60_000);
afterEach(async () => {
  await client.end();
  await database.drop();
});

/** One hour of one user on a day. */
function apply(day: number, attempt: number) {
  const startMs = START_MS + day * 24 * HOUR_MS;
  const session = { userId: 'u', sessionId: `day-${day}`, startMs, endMs: startMs + HOUR_MS, timezone: 'UTC' };
  return applyInTransaction(
    client as unknown as PoolClient,
    createTestProjection(),
    [toSessionRecord(session, day)],
    attempt,
  );
}

/** The plans that this connection keeps, by the name of the statement. */
async function keptPlans(): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; parameters: number }>(
    `SELECT name, cardinality(parameter_types) AS parameters FROM pg_prepared_statements WHERE name LIKE 'streaks_%'`,
  );
  const plans = new Map<string, string>();
  for (const { name, parameters } of rows) {
    const plan = await client.query<Record<'QUERY PLAN', string>>(
      `EXPLAIN EXECUTE ${name} (${Array.from({ length: parameters }, () => 'NULL').join(', ')})`,
    );
    plans.set(name, plan.rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  return plans;
}

describe('the statements of a batch', () => {
  it.each(['never analysed', 'analysed while they held one row'])(
    'look rows up by key in the order of their parameters, though they were planned for tables %s',
    async (state) => {
      if (state !== 'never analysed') {
        await apply(0, 0);
        await database.pool.query('VACUUM ANALYZE');
      }
      // Planned here, and kept as long as the connection (or until statistics are gathered).
      await apply(1, 1);
      await apply(2, 2);

      const plans = await keptPlans();
      expect([...plans.keys()].sort()).toEqual([
        'streaks_add_totals',
        'streaks_find_focus_sessions',
        'streaks_insert_focus_sessions',
        'streaks_insert_streaks',
        'streaks_insert_totals',
        'streaks_lock_streaks',
        'streaks_write_streaks',
      ]);
      for (const [, plan] of plans) {
        // Either would read the whole table again for each key.
        expect(plan).not.toMatch(/Join Filter|Materialize|Seq Scan/);
      }
    },
    60_000,
  );
});
