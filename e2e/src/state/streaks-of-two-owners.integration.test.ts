import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import {
  applyUntilCommitted,
  createTestProjection,
  toSessionRecord,
} from '@streaks/streak-processor/projections/streaks/test-support/drive-projection';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { referenceFold } from '@streaks/testing/reference-fold';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool } from 'pg';
import { dailySession } from '../producers/session-factory';
import { historyFaults } from './history-faults';
import { readHistory, readStreakRows } from './read-state';

const USERS = 100;
const ROUNDS = 40;

describe('two owners that change the streaks of the same users', () => {
  let database: TestDatabase;
  let lanes: Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    lanes = new Pool({ connectionString: database.url, max: 2, options: laneConnectionOptions });
    await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0), (1)');
  }, 60_000);

  afterAll(async () => {
    await lanes.end();
    await database.drop();
  }, 20_000);

  it('never undo each other, and each repeats once at most', async () => {
    const projection = createTestProjection();
    const sent: ReferenceSession[] = [];
    const repeats: string[] = [];
    const apply = async (sessions: readonly ReferenceSession[], owner: number): Promise<void> => {
      const client = await lanes.connect();
      try {
        sent.push(...sessions);
        await applyUntilCommitted(
          client,
          projection,
          sessions.map((session, n) => toSessionRecord(session, n)),
          ({ code }) => repeats.push(code),
          owner,
        );
      } finally {
        client.release();
      }
    };
    const day = (n: number) => Array.from({ length: USERS }, (_, user) => dailySession(`user-${user}`, n));
    await apply(day(0), 0);
    for (let round = 1; round <= ROUNDS; round += 1) {
      await Promise.all([apply(day(2 * round - 1), 0), apply(day(2 * round).reverse(), 1)]);
    }
    const reference = referenceFold(sent, 1_800_000);
    const states = await readStreakRows(database);
    expect(historyFaults(await readHistory(database), states, reference)).toEqual([]);
    expect(states.map(({ qualifiedDaysCount }) => qualifiedDaysCount)).toEqual(Array(USERS).fill(2 * ROUNDS + 1));
    // The first time that a remembered row turns out to be the other owner's; from then on all are locked first.
    expect(repeats.filter((code) => code !== '40001')).toEqual([]);
    expect(repeats.length).toBeLessThanOrEqual(2);
  }, 60_000);
});
