import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { boardKeys } from '@streaks/shared/redis/boards/board-keys';
import { bucketOf, markedKey, streakKey } from '@streaks/shared/redis/streaks/streak-keys';
import { bucketOf as userBucket } from '../projections/streaks/buckets/lock-buckets';
import { createFilledInstallation, type FilledInstallation } from './test-support/filled-installation';
import { verifyInstallation } from './verify-installation';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Days back from today; of the newest ones streaks are alive. */
const NOON_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + 12 * HOUR_MS;
const daysAgo = (days: number): number => NOON_MS - days * DAY_MS;
const dateAgo = (days: number) => parseIsoDate(new Date(daysAgo(days)).toISOString().slice(0, 10)) as LocalDay;
/** The events of all kinds were recorded at this time, the erasures later, what is after them later still. */
const RECORDED_MS = daysAgo(-1);
const ERASED_MS = RECORDED_MS + 1_000;

const session = (userId: string, days: number): UserEventToSend => {
  const startMs = daysAgo(days) - HOUR_MS;
  return { kind: 'session', userId, sessionId: `s${days}`, startMs, endMs: startMs + HOUR_MS, timezone: 'UTC' };
};
const checkIn = (userId: string, days: number): UserEventToSend => ({
  kind: 'check-in',
  userId,
  checkInId: `c${days}`,
  atMs: daysAgo(days) - HOUR_MS,
  timezone: 'Asia/Tokyo',
});
const settings = (userId: string, change: Partial<SettingsChange>): UserEventToSend => ({
  kind: 'settings',
  userId,
  change: { changeId: 'x', changedAtMs: RECORDED_MS, effectiveFrom: dateAgo(30), ...change },
});
const active = (userId: string): UserEventToSend[] =>
  [2, 1, 0].flatMap((days) => [session(userId, days), checkIn(userId, days)]);

async function fillWithAllKinds(installation: FilledInstallation): Promise<void> {
  const { apply, changeOrganisation, befriend } = installation;
  const users = [
    'plain',
    'retracting',
    'aiming',
    'frozen',
    'paused',
    'hidden',
    'member',
    'erased',
    'returned',
    'stale',
  ];
  await changeOrganisation('acme', { dailyTargetSeconds: 7_200, freeze: { earnEvery: 2, cap: 1 } }, RECORDED_MS);
  await installation.database.pool.query('DELETE FROM reevaluations'); // it has no members yet
  await apply(users.flatMap(active), RECORDED_MS);
  await apply(
    [
      { kind: 'retraction', userId: 'retracting', sessionId: 's2' },
      { kind: 'retraction', userId: 'retracting', sessionId: 'never' },
      settings('aiming', { dailyTargetSeconds: 7_200, effectiveFrom: dateAgo(1) }),
      settings('frozen', { freeze: { earnEvery: 1, cap: 2 }, timezone: 'America/New_York' }),
      settings('paused', { pauses: [{ first: dateAgo(40), last: dateAgo(20) }], dailyCheckInTarget: 2 }),
      settings('hidden', { leaderboardOptOut: true }),
      settings('member', { organisationId: 'acme', effectiveFrom: dateAgo(1) }),
      settings('erased', { organisationId: 'acme', leaderboardOptOut: true }),
      session('frozen', 6),
    ],
    RECORDED_MS,
  );
  await befriend('plain', 'hidden', RECORDED_MS);
  await befriend('erased', 'plain', RECORDED_MS);
  await apply(
    ['erased', 'returned'].map((userId) => ({ kind: 'erasure', userId })),
    ERASED_MS,
  );
  await apply([session('returned', 1), checkIn('returned', 2), session('retracting', 2)], ERASED_MS + 1);
  await apply([session('erased', 5), checkIn('erased', 5)], RECORDED_MS); // late: they are as if they had never been
}

const at = (ms: number) => `'${new Date(ms).toISOString()}'`;
const SESSION_COLUMNS = 'user_id, session_id, start_time, end_time, timezone, record_time';
const anotherSession = (userId: string, sessionId: string) =>
  `INSERT INTO focus_sessions (${SESSION_COLUMNS}) VALUES
   ('${userId}', '${sessionId}', ${at(daysAgo(9))}, ${at(daysAgo(9) + HOUR_MS)}, 'UTC', ${at(RECORDED_MS)})`;
const letter = (offset: number, userId: string, key: string) =>
  `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, user_id, key, headers, record_time, shard, out_seq)
   VALUES (gen_random_uuid(), 0, ${offset}, 't', 'X', 'x', ${userId}, ${key}, '{}', ${at(RECORDED_MS)}, 0, ${offset})`;

/** Statements that each hit rows, and what must be said of them. A few of each kind of fault are told. */
const PLANTED: Readonly<Record<string, readonly (readonly [statement: string, fault: RegExp])[]>> = {
  'totals and streaks': [
    [
      `DELETE FROM check_ins WHERE user_id = 'plain' AND check_in_id = 'c2'`,
      /^daily_totals differs from check_ins .*plain .*1 check-ins, counted nothing/,
    ],
    [
      `UPDATE daily_totals SET total = 2 WHERE user_id = 'hidden' AND rule_id = 'activity' AND latest_id = 'c1'`,
      /^daily_totals differs from check_ins .*hidden .*2 check-ins, .*counted 1/,
    ],
    [
      `UPDATE user_streaks SET bridging = NULL WHERE user_id = 'frozen' AND rule_id = 'focus'`,
      /^user_streaks differs from the settings .*frozen \(focus\): no bridging/,
    ],
    [
      `UPDATE user_streaks SET is_unlisted = false WHERE user_id = 'hidden' AND rule_id = 'activity'`,
      /^user_streaks differs from the settings .*hidden \(activity\): .*listed, they say .*unlisted/,
    ],
    [
      `UPDATE user_streaks SET expires_at = expires_at + interval '1 day' WHERE user_id = 'stale' AND rule_id = 'activity'`,
      /^user_streaks expires otherwise .*stale \(activity\)/,
    ],
    [
      `UPDATE user_streaks SET runs = '{}', current_run_length = 0, longest_run_length = 0, qualified_days_count = 0, last_qualified_date = NULL
       WHERE user_id = 'paused' AND rule_id = 'focus'`,
      /^user_streaks differs from daily_totals .*paused \(focus\): .*counted .*3 days/,
    ],
    [
      `DELETE FROM streak_history WHERE user_id = 'retracting' AND rule_id = 'activity' AND version = 2`,
      /^streak_history .*retracting \(activity\): version 3 follows 1/,
    ],
  ],
  'settings and retractions': [
    [anotherSession('retracting', 'never'), /^a retracted session is stored .*retracting never$/],
    [
      `UPDATE retracted_sessions SET session_record_time = record_time WHERE user_id = 'retracting' AND session_id = 's2'`,
      /^a retracted session is stored .*retracting s2: kept/,
    ],
    [
      `UPDATE special_users SET has_retractions = false WHERE user_id = 'retracting'`,
      /^special_users does not tell of retractions .*retracting/,
    ],
    [
      `DELETE FROM special_buckets WHERE bucket = ${userBucket('paused')}`,
      /^special_buckets lacks a bucket .*paused: bucket/,
    ],
    [
      `DELETE FROM organisation_members WHERE user_id = 'member'`,
      /^organisation_members differs from the settings .*member: of none, they say acme/,
    ],
    [`DELETE FROM organisations`, /^organisations lacks a member's .*member: acme/],
    [
      `UPDATE special_users SET settings = '{"organisationId": 7}' WHERE user_id = 'hidden'`,
      /^settings cannot be read .*hidden$/,
    ],
    [
      `UPDATE special_users SET settings = NULL WHERE user_id = 'aiming'`,
      /^user_streaks differs from daily_totals .*aiming \(focus\): .*1 days, counted .*3 days/,
    ],
  ],
  'what is kept of who was erased': [
    [anotherSession('erased', 'again'), /^what was erased is left .*erased: 1 sessions/],
    [
      `INSERT INTO check_ins SELECT 'erased', check_in_id, at, timezone, record_time FROM check_ins WHERE user_id = 'plain'`,
      /^what was erased is left .*erased: 3 check-ins/,
    ],
    [
      `INSERT INTO retracted_sessions (user_id, session_id, record_time) VALUES ('erased', 'x', ${at(ERASED_MS)})`,
      /^what was erased is left .*erased: 1 retractions/,
    ],
    [
      `UPDATE special_users SET settings = (SELECT settings FROM special_users WHERE user_id = 'paused') WHERE user_id = 'erased'`,
      /^what was erased is left .*erased: 1 settings/,
    ],
  ],
  'what others keep of who was erased': [
    [letter(901, `'returned'`, 'NULL'), /^what was erased is left .*returned: a dead letter$/],
    [letter(902, 'NULL', `'erased'`), /^what was erased is left .*erased: a dead letter that could not be read/],
    [
      `INSERT INTO friendships VALUES ('erased', 'plain', true, ${at(RECORDED_MS)}, ${at(RECORDED_MS)})`,
      /^what was erased is left .*erased: a friendship/,
    ],
    [
      `INSERT INTO friendships VALUES ('hidden', 'returned', true, ${at(ERASED_MS)}, ${at(ERASED_MS + 5)},
         jsonb_build_array(jsonb_build_object('isFriend', true, 'changedAtMs', 1, 'recordTimeMs', ${RECORDED_MS})))`,
      /^what was erased is left .*returned: a friendship/,
    ],
    [
      `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after, longest_before,
         longest_after, qualified_days_before, qualified_days_after, timezone, generation, topic_id, partition, "offset")
       SELECT 0, 903, user_id, rule_id, 1, 'FIRST_ACTIVITY', 0, 1, 0, 1, 0, 1, 'UTC', 1, topic_id, 0, 0
       FROM streak_history WHERE user_id = 'erased' AND rule_id = 'focus'`,
      /^what was erased is left .*erased \(focus\): history before the erasure of version 5/,
    ],
  ],
};

describe('verifyInstallation', () => {
  let installation: FilledInstallation;
  const verify = () => verifyInstallation(installation.environment);
  beforeEach(async () => {
    installation = await createFilledInstallation();
    await fillWithAllKinds(installation);
    await installation.fill();
  }, 120_000);
  afterEach(() => installation.close(), 30_000);

  it('finds nothing in what projections made of all kinds of events, and writes nothing', async () => {
    const { database, redis, keyPrefix } = installation;
    const written = async () => [
      (await database.pool.query('SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int AS rows FROM pg_stat_user_tables'))
        .rows,
      (await redis.keys(`${keyPrefix}*`)).sort(),
    ];
    const before = await written();
    expect(await verify()).toEqual({ faults: [], users: 10, sessions: 25, checkIns: 25, behind: 0, waiting: 0 });
    expect(await written()).toEqual(before);
  }, 30_000);

  it('leaves alone whose organisation changed, until they are evaluated', async () => {
    await installation.changeOrganisation('acme', { dailyTargetSeconds: 60, freeze: null }, ERASED_MS);
    expect(await verify()).toMatchObject({ faults: [], waiting: 1 });
    await installation.database.pool.query('DELETE FROM reevaluations');
    const { faults, waiting } = await verify();
    expect(waiting).toBe(0);
    expect(faults).toEqual([
      expect.stringMatching(/^user_streaks differs from daily_totals .*member \(focus\).*1 days, counted .*3 days/),
      expect.stringMatching(/^user_streaks differs from the settings .*member \(focus\)/),
      expect.stringMatching(/^user_streaks differs from the settings .*member \(activity\)/),
    ]);
  }, 30_000);

  it('takes who is still to be projected or ranked for behind, and nobody else', async () => {
    const { database, redis, keyPrefix } = installation;
    await database.pool.query('UPDATE outbox_shard SET published_seq = out_seq');
    await installation.apply([session('plain', 3)], ERASED_MS + 2);
    expect(await verify()).toMatchObject({ faults: [], behind: 1 });
    await installation.project();
    expect(await verify()).toMatchObject({ faults: [], behind: 1 });
    await redis.del(markedKey(keyPrefix, bucketOf('plain')));
    const { faults } = await verify();
    expect(faults).toEqual([expect.stringMatching(/^boards differ from user_streaks \(1\): plain \(focus\): 3:/)]);
  }, 30_000);

  it.each(Object.entries(PLANTED))(
    'names each fault in %s, and its user',
    async (_, planted) => {
      for (const [statement] of planted) {
        const { rowCount } = await installation.database.pool.query(statement);
        expect([statement, rowCount]).not.toEqual([statement, 0]);
      }
      const { faults } = await verify();
      for (const [, fault] of planted) expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
    },
    30_000,
  );

  it('names each fault in states of Redis, and its user', async () => {
    const { redis, keyPrefix } = installation;
    const keyOf = (ruleId: string, userId: string) => streakKey(keyPrefix, bucketOf(userId), ruleId, userId);
    const edit = async (ruleId: string, userId: string, from: RegExp, to: string) => {
      const value = (await redis.get(keyOf(ruleId, userId))) ?? '';
      expect(value).toMatch(from);
      await redis.set(keyOf(ruleId, userId), value.replace(from, to));
    };
    await edit('activity', 'plain', /"z":"Asia\/Tokyo"/, '"z":"UTC"');
    await edit('focus', 'frozen', /,"b":.*\]\]/, '');
    await edit('focus', 'hidden', /,"h":1/, '');
    await edit('focus', 'aiming', /"u":\d+/, '"u":7');
    await redis.set(keyOf('activity', 'nobody'), '1:1:{"r":[[1,1]],"z":"UTC","u":1}');
    await expectFaults([
      /^Redis differs from user_streaks .*plain \(activity\): .* in UTC/,
      /^Redis differs from user_streaks .*frozen \(focus\): /,
      /^Redis differs from user_streaks .*hidden \(focus\): /,
      /^Redis differs from user_streaks .*aiming \(focus\): .* of 1970-/,
      /^Redis differs from user_streaks .*nobody \(activity\): Postgres has no such user/,
    ]);
  }, 30_000);

  it('names each fault on boards, and its user', async () => {
    const { redis, keyPrefix } = installation;
    const focus = boardKeys(keyPrefix, 'focus');
    const memberOf = async (key: string, userId: string) =>
      (await redis.zrange(key, '0', '-1')).find((member) => member.endsWith(userId)) ?? '';
    await redis.zadd(focus.qualified, 1, await memberOf(focus.qualified, 'plain'));
    await redis.zrem(focus.current, await memberOf(focus.current, 'stale'));
    const late = (await redis.hget(focus.members, 'paused')) ?? '';
    await redis.hset(focus.members, 'paused', late.replace(/^\d+/, '1'));
    await expectFaults([
      /^boards differ from user_streaks .*plain \(focus\): .*scores 1 and -/,
      /^boards differ from user_streaks .*stale \(focus\): .* and null, expiry \d/,
      /^boards differ from user_streaks .*paused \(focus\): 1:.*wanted 4:/,
    ]);
  }, 30_000);

  it('names strangers on boards', async () => {
    const { redis, keyPrefix } = installation;
    const focus = boardKeys(keyPrefix, 'focus');
    const activity = boardKeys(keyPrefix, 'activity');
    await redis.hset(focus.members, 'stranger', '1:');
    await redis.zadd(activity.qualified, -1, 'zzzzzzzzghost');
    await redis.zadd(activity.expiry, 1, 'hidden');
    await expectFaults([
      /^boards differ from user_streaks .*stranger \(focus\): Postgres has no such user/,
      /^boards differ from user_streaks .*zzzzzzzzghost \(activity\): on the board qualified without being a member/,
      /^boards differ from user_streaks .*hidden \(activity\): 4:, .* expiry 1, wanted 4:$/,
      /^boards differ from user_streaks .*hidden \(activity\): on the board expiry without being a member/,
    ]);
  }, 30_000);

  async function expectFaults(wanted: readonly RegExp[]): Promise<void> {
    const { faults } = await verify();
    expect(faults).toHaveLength(wanted.length);
    for (const fault of wanted) expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  }
});
