import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool, type PoolClient } from 'pg';
import { lockBuckets } from '../buckets/lock-buckets';
import type { StreaksProjection } from '../create-streaks-projection';
import {
  applyInTransaction,
  applyUncommitted,
  applyUntilCommitted,
  commitApplied,
  createTestProjection,
  type DrivenBatch,
  TEST_TARGETS,
  TEST_TOPIC_ID,
  toRecord,
} from '../test-support/drive-projection';
import { readUserDays, readUserHistory, readUserState } from '../test-support/stored-users';
import { recountUsers } from './recount-users';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 0, 5);
const FIRST_DAY = (FIRST_DAY_MS / DAY_MS) as LocalDay;
const dayAt = (place: number) => (FIRST_DAY + place) as LocalDay;

let database: TestDatabase;
let lanes: Pool;
let client: PoolClient;
let projection: StreaksProjection;
beforeAll(async () => {
  database = await createTestDatabase();
  lanes = new Pool({ connectionString: database.url, max: 2, options: laneConnectionOptions });
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES (0)');
  client = await lanes.connect();
  projection = createTestProjection();
}, 60_000);
afterAll(async () => {
  client.release();
  await lanes.end();
  await database.drop();
}, 20_000);

/** Of so many minutes on a day. */
function session(userId: string, place: number, minutes: number, id = `day-${place}`): UserEventToSend {
  const startMs = FIRST_DAY_MS + place * DAY_MS + 9 * 60 * MINUTE_MS;
  return { kind: 'session', userId, sessionId: id, startMs, endMs: startMs + minutes * MINUTE_MS, timezone: 'UTC' };
}

let changes = 0;
/** Each change is made later than the one before. */
function settings(userId: string, change: Partial<SettingsChange>): UserEventToSend {
  changes += 1;
  const made = { changeId: `${changes}`, changedAtMs: changes, effectiveFrom: FIRST_DAY };
  return { kind: 'settings', userId, change: { ...made, ...change } };
}

const retraction = (userId: string, sessionId: string): UserEventToSend => ({ kind: 'retraction', userId, sessionId });
const checkIn = (userId: string, place: number): UserEventToSend => ({
  kind: 'check-in',
  userId,
  checkInId: `day-${place}`,
  atMs: FIRST_DAY_MS + place * DAY_MS,
  timezone: 'UTC',
});

let offset = 0;
/** One transaction of records that were recorded at an instant. */
async function apply(recordTimeMs: number, ...events: readonly UserEventToSend[]): Promise<DrivenBatch> {
  const records = events.map((event) => {
    offset += 1;
    return toRecord(event, offset, { timestampMs: recordTimeMs });
  });
  return applyUntilCommitted(client, projection, records, ({ code }) => expect(code).toBe('23505'));
}

const typesOf = ({ changes: made }: DrivenBatch) =>
  made.map(({ ruleId, changeType, isLast }) => [ruleId, changeType, isLast]);

describe('a retraction', () => {
  it('before its session: the session is never counted, and a later one of its day is', async () => {
    await apply(1, retraction('early', 'day-0'));
    const { changes: made, outcome } = await apply(2, session('early', 0, 40), session('early', 0, 10, 'other'));
    expect(made).toEqual([]);
    expect(outcome.sessions).toMatchObject({ stored: 1, retracted: 1 });
    expect((await readUserDays(database.pool, 'early')).get(FIRST_DAY)?.total).toBe(10 * MINUTE_MS);
  });

  it('takes its day out of the run that it joined, by one change, and its time from all of its days', async () => {
    const overMidnight = { ...session('split', 1, 10, 'long'), startMs: FIRST_DAY_MS + 2 * DAY_MS - 40 * MINUTE_MS };
    const long = { ...overMidnight, endMs: FIRST_DAY_MS + 2 * DAY_MS + 40 * MINUTE_MS } as UserEventToSend;
    await apply(1, session('split', 0, 40), long, session('split', 2, 5), session('split', 3, 40));
    expect(await readUserState(database.pool, 'split')).toMatchObject({ runs: [{ first: FIRST_DAY, length: 4 }] });
    const done = await apply(2, retraction('split', 'long'));
    expect(typesOf(done)).toEqual([['focus', 'STREAK_REVISED', true]]);
    expect((await readUserState(database.pool, 'split')).runs).toEqual([
      { first: FIRST_DAY, length: 1 },
      { first: dayAt(3), length: 1 },
    ]);
    const days = await readUserDays(database.pool, 'split');
    expect([...days.keys()].sort()).toEqual([dayAt(0), dayAt(2), dayAt(3)]);
    expect(days.get(dayAt(2))).toMatchObject({ total: 5 * MINUTE_MS, latest: { id: 'day-2' } });
  });
});

describe('a correction by another connection', () => {
  it('is not hidden by the row that this one recalls: a day that it took away qualifies anew', async () => {
    await apply(1, session('recalled', 0, 40), session('recalled', 1, 40));
    const stranger = await lanes.connect();
    const records = [toRecord(retraction('recalled', 'day-0'), 1, { timestampMs: 2 })];
    await applyInTransaction(stranger, createTestProjection(), records, 0);
    stranger.release();
    expect((await readUserState(database.pool, 'recalled')).runs).toEqual([{ first: dayAt(1), length: 1 }]);
    // To the row as it was remembered this adds nothing.
    await apply(3, session('recalled', 0, 40, 'again'));
    expect((await readUserState(database.pool, 'recalled')).runs).toEqual([{ first: FIRST_DAY, length: 2 }]);
  });
});

describe('an erasure', () => {
  it('leaves what another partition recorded later, and tells of nothing before it', async () => {
    await apply(1, session('left', 0, 40), checkIn('left', 0), settings('left', { timezone: 'Asia/Tokyo' }));
    await apply(9, session('left', 1, 40), session('left', 2, 40));
    const done = await apply(5, { kind: 'erasure', userId: 'left' });
    expect(typesOf(done)).toEqual([
      ['focus', 'USER_ERASED', false],
      ['focus', 'STREAK_REVISED', true],
      ['activity', 'USER_ERASED', true],
    ]);
    expect(done.changes.map(({ isErasure }) => isErasure)).toEqual([true, undefined, true]);
    const [erased] = done.changes;
    expect(erased?.before.runs).toEqual([]);
    const state = await readUserState(database.pool, 'left');
    expect(state).toMatchObject({ runs: [{ first: dayAt(1), length: 2 }], timezone: 'UTC', updatedAtMs: 5 });
    const history = await readUserHistory(database.pool, 'left');
    expect(history.map(({ version, changeType }) => [version, changeType])).toEqual([
      [state.version - 1, 'USER_ERASED'],
      [state.version, 'STREAK_REVISED'],
    ]);
    // The chain goes on, and what was recorded before the erasure counts no more, whenever it comes.
    const { changes: next, outcome } = await apply(5, session('left', 4, 40));
    expect([next.length, outcome.sessions.erased]).toEqual([0, 1]);
    expect(typesOf(await apply(10, session('left', 3, 40)))).toEqual([['focus', 'STREAK_INCREMENT', true]]);
  });

  it('deletes rows of every table that name the user', async () => {
    const userId = 'everywhere';
    await apply(1, session(userId, 0, 40), checkIn(userId, 0), settings(userId, { organisationId: 'club' }));
    await apply(1, retraction(userId, 'day-7'));
    await database.pool.query(
      `INSERT INTO friendships (user_a, user_b, is_friend, changed_at, record_time) VALUES ('a', $1, true, now(), to_timestamp(0.001))`,
      [userId],
    );
    const letter = `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, key, headers, user_id, record_time, shard, out_seq)
      VALUES ('${TEST_TOPIC_ID}', 0, $1, 't', 'R', 'd', convert_to($2, 'UTF8'), '{}', $3, to_timestamp($4 / 1000.0), 0, 0)`;
    await database.pool.query(letter, [1, userId, userId, 1]);
    await database.pool.query(letter, [2, userId, null, 1]); // could not be read
    await database.pool.query(letter, [3, userId, null, 9]); // recorded later
    await database.pool.query(letter, [4, 'somebody', null, 1]);
    await apply(5, { kind: 'erasure', userId });
    const tables = ['focus_sessions', 'check_ins', 'daily_totals', 'retracted_sessions', 'organisation_members'];
    for (const table of tables) {
      const { rows } = await database.pool.query(`SELECT FROM ${table} WHERE user_id = $1`, [userId]);
      expect([table, rows.length]).toEqual([table, 0]);
    }
    const friends = await database.pool.query('SELECT FROM friendships WHERE user_b = $1', [userId]);
    expect(friends.rows).toEqual([]);
    const letters = await database.pool.query('SELECT "offset"::int FROM dead_letters ORDER BY 1');
    expect(letters.rows.map(({ offset: at }) => at)).toEqual([3, 4]);
    const special = await database.pool.query('SELECT settings FROM special_users WHERE user_id = $1', [userId]);
    expect(special.rows).toEqual([{ settings: null }]);
    const again = await apply(5, { kind: 'erasure', userId });
    expect([again.changes, again.outcome.corrections.erasure]).toMatchObject([[], { duplicate: 1 }]);
  });
});

describe('settings', () => {
  it('a day whose target is changed twice by late events is judged by the one that counts in the end', async () => {
    await apply(1, session('twice', 0, 40), session('twice', 1, 40), session('twice', 2, 40));
    const latest = settings('twice', { dailyTargetSeconds: 1_200, effectiveFrom: dayAt(1), changedAtMs: 9_000 });
    const middle = settings('twice', { dailyTargetSeconds: 3_600, effectiveFrom: dayAt(0), changedAtMs: 8_000 });
    expect(typesOf(await apply(2, middle))).toEqual([['focus', 'STREAK_REVISED', true]]);
    expect((await readUserState(database.pool, 'twice')).runs).toEqual([]);
    expect(typesOf(await apply(2, latest))).toEqual([['focus', 'STREAK_REVISED', true]]);
    expect((await readUserState(database.pool, 'twice')).runs).toEqual([{ first: dayAt(1), length: 2 }]);
    // An older change that counts for no day: nothing is stored.
    const oldest = settings('twice', { dailyTargetSeconds: 60, effectiveFrom: dayAt(0), changedAtMs: 7_000 });
    expect((await apply(3, oldest)).changes).toEqual([]);
  });

  it('and a session of one batch: the change comes first, and only the last of the batch is marked', async () => {
    await apply(1, session('batch', 0, 40));
    const done = await apply(
      2,
      session('batch', 2, 25),
      settings('batch', { dailyTargetSeconds: 1_500 }),
      session('batch', 1, 40),
      settings('batch', { timezone: 'Asia/Tokyo' }),
    );
    expect(
      done.changes.map(({ ruleId, changeType, version, isLast }) => [ruleId, changeType, version, isLast]),
    ).toEqual([
      ['focus', 'STREAK_REVISED', 2, false],
      ['activity', 'STREAK_REVISED', 1, true],
      ['focus', 'STREAK_RESET', 3, false],
      ['focus', 'STREAK_RECOVERED', 4, true],
    ]);
    expect(await readUserState(database.pool, 'batch')).toMatchObject({ timezone: 'Asia/Tokyo', version: 4 });
  });

  it('stay in the state that a connection recalls: sessions write neither freezes nor the listing, and keep both', async () => {
    await apply(1, session('kept', 0, 40));
    await apply(
      2,
      settings('kept', { freeze: { earnEvery: 1, cap: 1 }, leaderboardOptOut: true, timezone: 'Asia/Tokyo' }),
    );
    const { rows } = await client.query(
      `SELECT generic_plans FROM pg_prepared_statements WHERE name = 'streaks_lock_streaks'`,
    );
    const done = await apply(3, session('kept', 2, 40), session('kept', 4, 40));
    expect(typesOf(done)).toEqual([
      ['focus', 'STREAK_RECOVERED', false],
      ['focus', 'STREAK_RECOVERED', true],
    ]);
    const after = await client.query(
      `SELECT generic_plans FROM pg_prepared_statements WHERE name = 'streaks_lock_streaks'`,
    );
    expect(after.rows).toEqual(rows); // recalled, not locked
    expect(done.changes.at(-1)?.summaryAfter).toMatchObject({ currentRunLength: 3 });
    const stored = await readUserState(database.pool, 'kept');
    expect(stored).toEqual(done.changes.at(-1)?.after);
    expect(stored).toMatchObject({ isUnlisted: true, timezone: 'Asia/Tokyo', bridging: { pauses: [] } });
    // Locked by somebody who does not remember it, it is the same.
    const stranger = await lanes.connect();
    await applyInTransaction(stranger, createTestProjection(), [toRecord(session('kept', 5, 40), 1)], 1);
    stranger.release();
    expect(await readUserState(database.pool, 'kept')).toMatchObject({ isUnlisted: true, bridging: stored.bridging });
  });

  it('make whoever joins an organisation hold its row until the end: nobody changes it unseen', async () => {
    const joiner = await lanes.connect();
    const joining = createTestProjection();
    const join = toRecord(settings('joiner', { organisationId: 'new-one' }), 1, { timestampMs: 1 });
    const applied = await applyUncommitted(joiner, joining, [join], 0);
    const change = `SET LOCAL lock_timeout = '100ms'; UPDATE organisations SET settings = '{}' WHERE organisation_id = 'new-one'`;
    await expect(database.pool.query(change)).resolves.toMatchObject([{}, { rowCount: 0 }]); // not there for others yet
    await commitApplied(joiner, joining, applied);
    const again = await applyUncommitted(
      joiner,
      joining,
      [toRecord(settings('other', { organisationId: 'new-one' }), 2)],
      0,
    );
    await expect(database.pool.query(change)).rejects.toMatchObject({ code: '55P03' });
    await commitApplied(joiner, joining, again);
    joiner.release();
    const { rows } = await database.pool.query(
      `SELECT user_id FROM organisation_members WHERE organisation_id = 'new-one' ORDER BY 1`,
    );
    expect(rows.map(({ user_id }) => user_id)).toEqual(['joiner', 'other']);
  });
});

describe('recountUsers', () => {
  it('judges the days of members by what their organisation asks now, and changes nothing twice', async () => {
    await apply(1, session('member', 0, 40), settings('member', { organisationId: 'team' }));
    await apply(1, session('no-member', 0, 40));
    const stored = { dailyTargetSeconds: [{ from: 0, changedAtMs: 1, changeId: 'c', recordTimeMs: 1, value: 3_600 }] };
    await database.pool.query('UPDATE organisations SET settings = $1 WHERE organisation_id = $2', [stored, 'team']);
    const cause = { topicId: TEST_TOPIC_ID, partition: 3, offset: 4n, recordTimeMs: 7, requestId: 'r' };
    const members = ['member', 'no-member'];
    const recount = async () => {
      await client.query('BEGIN');
      await lockBuckets(client, { shared: [], exclusive: members });
      const made = await recountUsers(client, members, cause, TEST_TARGETS);
      await client.query('COMMIT');
      return made;
    };
    expect(await recount()).toMatchObject([
      {
        userId: 'member',
        ruleId: 'focus',
        changeType: 'STREAK_REVISED',
        version: 2,
        source: { partition: 3, offset: 4n },
        recordTimeMs: 7,
        requestId: 'r',
        summaryAfter: { qualifiedDaysCount: 0 },
      },
    ]);
    expect(await recount()).toEqual([]);
  });
});
