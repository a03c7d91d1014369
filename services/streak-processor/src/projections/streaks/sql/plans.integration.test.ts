import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Client, type PoolClient } from 'pg';
import { applyInTransaction, createTestProjection, toRecord } from '../test-support/drive-projection';

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

const START_DAY = Math.floor(START_MS / (24 * HOUR_MS)) as LocalDay;

/**
 * One hour of a user on a day, a check-in, and both again, later; the user is awaited, belongs to an organisation, and has a
 * retracted session that comes again.
 */
async function apply(day: number, attempt: number): Promise<void> {
  const startMs = START_MS + day * 24 * HOUR_MS;
  const common = { userId: 'u', timezone: 'UTC' };
  const additive: readonly UserEventToSend[] = [
    { kind: 'session', ...common, sessionId: `day-${day}`, startMs, endMs: startMs + HOUR_MS },
    { kind: 'session', ...common, sessionId: 'retracted', startMs, endMs: startMs + HOUR_MS },
    { kind: 'check-in', ...common, checkInId: `day-${day}`, atMs: startMs },
  ];
  const change = { changeId: 'c', changedAtMs: 0, effectiveFrom: START_DAY, organisationId: 'o' };
  const corrections: readonly UserEventToSend[] = [
    { kind: 'retraction', userId: 'u', sessionId: 'retracted' },
    { kind: 'settings', userId: 'u', change },
  ];
  const projection = createTestProjection();
  for (const [time, events] of [
    [1, corrections],
    [2, additive],
    [3, additive],
  ] as const) {
    const records = events.map((event, offset) =>
      toRecord(event, offset, { timestampMs: time, headers: { 'x-reply-to': 'somebody' } }),
    );
    await applyInTransaction(client as unknown as PoolClient, projection, records, attempt);
  }
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
        await apply(0, 1);
        await database.pool.query('VACUUM ANALYZE');
      }
      // Planned here, and kept as long as the connection (or until statistics are gathered).
      await apply(1, 1);
      await apply(2, 2);

      const plans = await keptPlans();
      expect([...plans.keys()].sort()).toEqual([
        'streaks_add_totals',
        'streaks_find_check_ins',
        'streaks_find_focus_sessions',
        'streaks_find_organisations',
        'streaks_find_retracted',
        'streaks_find_specials',
        'streaks_insert_check_ins',
        'streaks_insert_focus_sessions',
        'streaks_insert_streaks',
        'streaks_insert_totals',
        'streaks_keep_retracted',
        'streaks_lock_streaks',
        'streaks_raise_check_ins',
        'streaks_raise_focus_sessions',
        'streaks_read_streaks',
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
