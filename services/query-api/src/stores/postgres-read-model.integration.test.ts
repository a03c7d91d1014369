import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { day } from '../testing/query-app-harness';
import { createStoreWorld } from '../testing/store-world';
import { READ_FRIENDS } from './postgres/friend-rows';
import { READ_HISTORY, READ_NEWS } from './postgres/history-rows';
import type { HistoryPosition, ReadModel } from './read-model';

const TOPIC_ID = '7b5dbb5e-3a0d-4c0c-9f5e-0a1b2c3d4e5f';
const world = createStoreWorld({ nowMs: 0, keyPrefix: 'unused:' });
let database: TestDatabase;
let readModel: ReadModel;

beforeAll(async () => {
  database = await createTestDatabase();
  // A database set to another form of dates must not change an answer.
  await database.pool.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET DateStyle = %L', current_database(), 'German'); END $$`,
  );
  ({ readModel } = world.createReadModel(database.url));
  await insertHistory();
  await insertFriends();
  await database.pool.query('VACUUM ANALYZE streak_history, friendships, user_streaks');
}, 150_000);

afterAll(async () => {
  await world.close();
  await database.drop();
}, 30_000);

/** 2,000 users with ten changes each and one with 9,000, spread over three months. */
async function insertHistory(): Promise<void> {
  await database.pool.query('SELECT create_streak_history_partitions(2)');
  await database.pool.query(
    `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, qualified_date, current_before,
       current_after, longest_before, longest_after, qualified_days_before, qualified_days_after, last_qualified_before,
       last_qualified_after, timezone, generation, topic_id, partition, "offset", request_id, recorded_at)
     SELECT 0, row_number() OVER (), 'user-' || u, 'focus', v, 'STREAK_INCREMENT', date '2024-12-31' + v, v - 1, v, v + 1, v + 2,
            v + 3, v + 4, date '2024-12-30' + v, NULL, 'Asia/Tokyo', 3, $1, 2, 9007199254740000 + v, repeat('r', 1000 + v),
            date_trunc('month', now()) + make_interval(months => v / 4, secs => 0.123)
       FROM generate_series(1, 2000) u, generate_series(1, 10) v`,
    [TOPIC_ID],
  );
  await database.pool.query(
    `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after, longest_before,
       longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset", recorded_at)
     SELECT 1, v, 'long', 'focus', v, 'STREAK_INCREMENT', 0, 0, 0, 0, 0, 0, 1, $1, 0, 0,
            date_trunc('month', now()) + make_interval(months => v / 3001)
       FROM generate_series(1, 9000) v`,
    [TOPIC_ID],
  );
  await database.pool.query(
    `INSERT INTO user_streaks (user_id, rule_id, version) SELECT 'user-' || u, 'focus', 10 FROM generate_series(1, 2000) u`,
  );
}

async function insertFriends(): Promise<void> {
  await database.pool.query(
    `INSERT INTO friendships (user_a, user_b, is_friend, changed_at, record_time)
     SELECT least(a, b), greatest(a, b), true, '2025-01-10T08:00:00.123Z', now()
       FROM (SELECT ('u' || x)::text COLLATE "C" AS a, ('u' || y)::text COLLATE "C" AS b
               FROM generate_series(100, 299) x, generate_series(100, 299) y WHERE x < y) pairs`,
  );
  await database.pool.query("UPDATE friendships SET is_friend = false WHERE user_a = 'u150' AND user_b = 'u151'");
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** What the planner does to answer, each step with its index or its table. */
async function stepsOf(statement: string, values: readonly unknown[]): Promise<readonly string[]> {
  const literals = values.map((value) => (value === null ? 'NULL' : `'${String(value)}'`));
  const text = statement.replaceAll(/\$(\d)/g, (_, number) => literals[Number(number) - 1] ?? '');
  const { rows } = await database.pool.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
    `EXPLAIN (FORMAT JSON) ${text}`,
  );
  const steps: string[] = [];
  const visit = (node: PlanNode): void => {
    steps.push(`${node['Node Type']} ${node['Index Name'] ?? node['Relation Name'] ?? ''}`);
    node.Plans?.forEach(visit);
  };
  for (const { Plan } of rows[0]?.['QUERY PLAN'] ?? []) {
    visit(Plan);
  }
  return steps;
}

/** Months without rows are read as they are. */
async function emptyMonths(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relname LIKE 'streak_history_%' AND relkind = 'r' AND reltuples = 0`,
  );
  return rows.map(({ name }) => `Seq Scan ${name}`);
}

const BY_USER = /^(Bitmap )?Index Scan \w*user_id_rule_id_version\w*$/;

describe('history', () => {
  it('reads a change with all of its fields, from whatever month', async () => {
    const [change] = await readModel.readHistory('user-7', 'focus', null, 1);
    expect(change).toEqual({
      ruleId: 'focus',
      version: 10,
      changeType: 'STREAK_INCREMENT',
      qualifiedDate: day('2025-01-10'),
      before: { currentStreak: 9, longestStreak: 11, qualifiedDaysCount: 13, lastQualifiedDate: day('2025-01-09') },
      after: { currentStreak: 10, longestStreak: 12, qualifiedDaysCount: 14, lastQualifiedDate: null },
      timezone: 'Asia/Tokyo',
      requestId: 'r'.repeat(1000),
      source: { topicId: TOPIC_ID, partition: 2, offset: 9_007_199_254_740_010 },
      recordedAtMs: expect.any(Number),
      eventId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    const { rows } = await database.pool.query(
      `SELECT event_id FROM streak_history WHERE user_id = 'user-7' AND version = 10`,
    );
    expect(change?.eventId).toBe(rows[0].event_id);
    expect((change?.recordedAtMs ?? 0) % 1000).toBe(123);
  });

  it('reads pages below a version, newest first over the months', async () => {
    const versionsOf = async (below: number | null, limit: number) =>
      (await readModel.readHistory('user-7', 'focus', below, limit)).map(({ version }) => version);
    expect(await versionsOf(null, 4)).toEqual([10, 9, 8, 7]);
    expect(await versionsOf(7, 4)).toEqual([6, 5, 4, 3]);
    expect(await versionsOf(3, 4)).toEqual([2, 1]);
    expect(await readModel.readHistory('user-7', 'activity', null, 4)).toEqual([]);
  });

  it('looks a page up by the index of the user, in each month', async () => {
    const empty = await emptyMonths();
    for (const userId of ['user-7', 'long']) {
      const steps = await stepsOf(READ_HISTORY, [userId, 'focus', null, 50]);
      expect(steps.filter((step) => BY_USER.test(step)).length).toBeGreaterThanOrEqual(3);
      expect(steps.filter((step) => step.startsWith('Seq Scan') && !empty.includes(step))).toEqual([]);
    }
  });

  it('never sorts a long history to find a page of it', async () => {
    for (const below of [null, 4_000]) {
      const steps = await stepsOf(READ_HISTORY, ['long', 'focus', below, 50]);
      expect(steps).toContain('Merge Append ');
      expect(steps.filter((step) => /^(Sort|Bitmap)/.test(step))).toEqual([]);
    }
  });
});

describe('news', () => {
  const at = (userId: string, version: number, ruleId: HistoryPosition['ruleId'] = 'focus') => ({
    userId,
    ruleId,
    version,
  });

  it('tells only those who are not at the present version, each its own, and in order', async () => {
    const news = await readModel.readNews(
      [
        at('user-1', 10),
        at('user-2', 7),
        at('nobody', 0),
        at('user-1', 10, 'activity'),
        at('user-3', 8),
        at('user-2', 9),
      ],
      2,
    );
    expect(
      news.map(({ position, currentVersion, changes }) => [
        position,
        currentVersion,
        changes.map(({ version }) => version),
      ]),
    ).toEqual([
      [at('user-2', 7), 10, [8, 9]],
      [at('user-1', 10, 'activity'), 0, []],
      [at('user-3', 8), 10, [9, 10]],
      [at('user-2', 9), 10, [10]],
    ]);
  });

  it('gives each position back as it was given', async () => {
    const position = at('user-2', 9);
    expect((await readModel.readNews([position], 2))[0]?.position).toBe(position);
    expect(await readModel.readNews([], 2)).toEqual([]);
  });

  it('searches history by the index of the user', async () => {
    const empty = await emptyMonths();
    const steps = await stepsOf(READ_NEWS, ['{user-1,user-2}', '{focus,focus}', '{7,8}', 50]);
    expect(steps.filter((step) => BY_USER.test(step)).length).toBeGreaterThanOrEqual(3);
    const wholeTables = steps.filter((step) => step.startsWith('Seq Scan streak_history'));
    expect(wholeTables.filter((step) => !empty.includes(step))).toEqual([]);
  });
});

describe('friends', () => {
  it('are those of both halves of the pairs, by id, without those that were removed', async () => {
    const friends = await readModel.readFriends('u150', null, 1_000);
    expect(friends).toHaveLength(198);
    expect(friends.map(({ userId }) => userId)).toEqual(friends.map(({ userId }) => userId).sort());
    expect(friends.map(({ userId }) => userId)).not.toContain('u151');
    expect(friends[0]).toEqual({ userId: 'u100', sinceMs: Date.parse('2025-01-10T08:00:00.123Z') });
  });

  it('come in pages above an id', async () => {
    const idsOf = async (above: string) => (await readModel.readFriends('u150', above, 3)).map(({ userId }) => userId);
    expect(await idsOf('u148')).toEqual(['u149', 'u152', 'u153']);
    expect(await idsOf('u299')).toEqual([]);
  });

  it('are looked up by two indexes', async () => {
    const steps = await stepsOf(READ_FRIENDS, ['u150', 'u148', 101]);
    const scans = steps.filter((step) => step.includes('Scan '));
    expect(scans).toEqual([
      expect.stringMatching(/Index Scan friendships_pkey$/),
      expect.stringMatching(/Index Scan friendships_by_second$/),
    ]);
  });
});

describe('settings', () => {
  const entry = (from: LocalDay, value: unknown) => ({ from, changedAtMs: 1, changeId: 'c', recordTimeMs: 1, value });

  it('are those of the user, else those of the organisation', async () => {
    const settings = {
      timezone: [entry(day('1970-01-01'), 'Asia/Tokyo')],
      organisationId: [entry(day('2025-01-01'), '__proto__')],
      dailyCheckInTarget: [entry(day('2025-01-10'), 3)],
    };
    await database.pool.query('INSERT INTO special_users (user_id, settings) VALUES ($1, $2)', ['set', settings]);
    await database.pool.query('INSERT INTO organisations VALUES ($1, $2)', [
      '__proto__',
      { dailyTargetSeconds: [entry(day('2024-01-01'), 900)], dailyCheckInTarget: [entry(day('2024-01-01'), 7)] },
    ]);
    await database.pool.query("INSERT INTO organisation_members VALUES ('__proto__', 'set')");
    const effective = await readModel.readSettings('set');
    expect(effective.timezone).toBe('Asia/Tokyo');
    expect(effective.targetOn('focus', day('2024-12-31'))).toBeUndefined();
    expect(effective.targetOn('focus', day('2025-01-01'))).toBe(900_000);
    expect(effective.targetOn('activity', day('2025-01-09'))).toBe(7);
    expect(effective.targetOn('activity', day('2025-01-10'))).toBe(3);
  });

  it('are defaults for who has none, and for who only has a tombstone', async () => {
    await database.pool.query("INSERT INTO special_users (user_id, erased_at) VALUES ('erased', now())");
    for (const userId of ['nobody', 'erased']) {
      const effective = await readModel.readSettings(userId);
      expect([effective.timezone, effective.targetOn('focus', day('2025-01-01'))]).toEqual([null, undefined]);
    }
  });
});

describe('states', () => {
  it('have what bridges, when they changed and whether they are listed', async () => {
    const bridging = {
      freezes: [{ from: day('2025-01-01'), rule: { earnEvery: 7, cap: 2 } }],
      pauses: [{ first: day('2025-01-03'), last: day('2025-01-04') }],
    };
    await database.pool.query(
      `INSERT INTO user_streaks (user_id, rule_id, runs, current_run_length, longest_run_length, version, updated_at, bridging, is_unlisted)
       VALUES ('bridged', 'focus', '{[2025-01-01,2025-01-03)}', 2, 2, 4, '2025-01-02T10:00:00.123456Z', $1, true)`,
      [bridging],
    );
    expect(await readModel.readStreaks(['bridged'], ['focus', 'activity'])).toEqual([
      {
        userId: 'bridged',
        ruleId: 'focus',
        generation: 1n,
        state: {
          runs: [{ first: day('2025-01-01'), length: 2 }],
          timezone: null,
          version: 4,
          updatedAtMs: Date.parse('2025-01-02T10:00:00.123Z'),
          bridging,
          isUnlisted: true,
        },
      },
    ]);
  });
});

describe('totals of some days', () => {
  it('are of the rules asked for', async () => {
    await database.pool.query(
      `INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
       SELECT 'totals', rule, date, total, now(), 's', 'UTC'
         FROM (VALUES ('focus', date '2025-01-14', 1), ('focus', '2025-01-15', 2), ('activity', '2025-01-15', 3), ('other', '2025-01-15', 4),
                      ('focus', '2025-01-16', 5)) AS t (rule, date, total)`,
    );
    const totals = await readModel.readTotalsOn(
      'totals',
      ['focus', 'activity'],
      [day('2025-01-14'), day('2025-01-15')],
    );
    expect(totals.toSorted((one, other) => one.total - other.total)).toEqual([
      { ruleId: 'focus', day: day('2025-01-14'), total: 1 },
      { ruleId: 'focus', day: day('2025-01-15'), total: 2 },
      { ruleId: 'activity', day: day('2025-01-15'), total: 3 },
    ]);
  });
});

describe('events', () => {
  it('tell of retracted sessions, also where the session never came', async () => {
    await database.pool.query(
      `INSERT INTO retracted_sessions (user_id, session_id, record_time) VALUES ('u', 'gone', now())`,
    );
    expect(await readModel.readSession('u', 'gone')).toEqual({ status: 'retracted' });
    expect(await readModel.readSession('u', 'other')).toBeUndefined();
  });

  it('tell of check-ins: applied, refused, not seen', async () => {
    await database.pool.query(
      `INSERT INTO check_ins (user_id, check_in_id, at, timezone, record_time)
       VALUES ('u', 'kept', '2025-01-15T10:00:00.123Z', 'Asia/Kolkata', now())`,
    );
    await database.pool.query(
      `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, headers, user_id, event_id, record_time, shard, out_seq)
       VALUES ($1, 0, 1, 't', 'INVALID_CHECK_IN', 'first', '{}', 'u', 'refused', now(), 0, 1),
              ($1, 0, 2, 't', 'CHECK_IN_CONFLICT', 'other content', '{}', 'u', 'kept', now(), 0, 2)`,
      [TOPIC_ID],
    );
    expect(await readModel.readCheckIn('u', 'kept')).toEqual({
      status: 'processed',
      atMs: Date.parse('2025-01-15T10:00:00.123Z'),
      timezone: 'Asia/Kolkata',
    });
    expect(await readModel.readCheckIn('u', 'refused')).toEqual({
      status: 'rejected',
      reason: 'INVALID_CHECK_IN',
      detail: 'first',
    });
    expect(await readModel.readCheckIn('u', 'never')).toBeUndefined();
  });
});
