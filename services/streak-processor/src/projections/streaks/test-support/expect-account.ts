import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { addChange, noSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { ReferenceAccount } from '@streaks/testing/reference/reference-user';
import type { Pool } from 'pg';
import { TEST_ORGANISATIONS } from './arbitrary-events';
import { readUserHistory, type StoredHistoryRow } from './stored-users';
import { toSettingsChange } from './to-user-event';

/** That Postgres holds what the reference makes of a user's records, and that the history leads there without a break. */
export async function expectAccount(pool: Pool, userId: string, account: ReferenceAccount): Promise<void> {
  expect(await readEvents(pool, 'focus_sessions', 'session_id', userId)).toEqual(recordTimes(account.sessions));
  expect(await readEvents(pool, 'check_ins', 'check_in_id', userId)).toEqual(recordTimes(account.checkIns));
  expect(await readRetractions(pool, userId)).toEqual(
    Object.fromEntries(
      [...account.retractions].map(([id, { recordTimeMs, laterSession }]) => [
        id,
        [recordTimeMs, laterSession?.recordTimeMs ?? null],
      ]),
    ),
  );
  expect(await readSpecial(pool, userId)).toEqual({
    erasedAtMs: account.erasedAtMs ?? null,
    organisations: account.organisations,
  });
  for (const ruleId of RULE_IDS) await expectStreak(pool, userId, ruleId, account);
}

const recordTimes = (events: ReadonlyMap<string, { readonly recordTimeMs: number }>) =>
  Object.fromEntries([...events].map(([id, { recordTimeMs }]) => [id, recordTimeMs]));

async function expectStreak(pool: Pool, userId: string, ruleId: RuleId, { streaks }: ReferenceAccount): Promise<void> {
  const expected = streaks[ruleId];
  expect(await readDays(pool, userId, ruleId)).toEqual(
    Object.fromEntries([...expected.days].map(([date, { total, latest }]) => [date, { total, ...latest }])),
  );
  const row = await readStreakRow(pool, userId, ruleId);
  expect(row).toEqual({
    version: row.version,
    runs: expected.runs,
    current: expected.currentRunLength,
    longest: expected.longestRunLength,
    lastQualified: expected.qualifiedDates.at(-1) ?? null,
    days: expected.qualifiedDates.length,
    timezone: expected.timezone,
    expiresAtMs: expected.expiresAtMs,
    freezeRules: expected.bridging?.freezes.map(({ rule }) => rule) ?? null,
    isUnlisted: expected.isUnlisted,
  });
  expectUnbroken(await readUserHistory(pool, userId, ruleId), row);
}

const NOTHING = { current: 0, longest: 0, qualifiedDays: 0, lastQualified: null };

/** Versions without a gap up to that of the row, each row from where the last one ended; an erasure begins anew with zeros. */
function expectUnbroken(history: readonly StoredHistoryRow[], row: StreakRow): void {
  const [first] = history;
  const last = history.at(-1);
  expect(last?.version ?? 0).toBe(row.version);
  if (first?.changeType !== 'USER_ERASED') expect(first?.version ?? 1).toBe(1);
  expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => (first?.version ?? 1) + index));
  expect(history.slice(1).filter(({ changeType }) => changeType === 'USER_ERASED')).toEqual([]);
  let before: object = NOTHING;
  for (const change of history) {
    expect(figuresOf(change, 0)).toEqual(before);
    before = figuresOf(change, 1);
    if (change.changeType === 'USER_ERASED') expect(before).toEqual(NOTHING);
  }
  const { current, longest, days: qualifiedDays, lastQualified, timezone } = row;
  expect(before).toEqual({ current, longest, qualifiedDays, lastQualified });
  expect(last?.timezone ?? null).toBe(timezone);
}

const figuresOf = ({ current, longest, qualifiedDays, lastQualified }: StoredHistoryRow, side: 0 | 1) => ({
  current: current[side],
  longest: longest[side],
  qualifiedDays: qualifiedDays[side],
  lastQualified: lastQualified[side],
});

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

async function readEvents(pool: Pool, table: string, idColumn: string, userId: string) {
  const { rows } = await pool.query<{ id: string; recorded_ms: number }>(
    `SELECT ${idColumn} AS id, ${MS('record_time')} AS recorded_ms FROM ${table} WHERE user_id = $1`,
    [userId],
  );
  return Object.fromEntries(rows.map(({ id, recorded_ms }) => [id, recorded_ms]));
}

async function readRetractions(pool: Pool, userId: string) {
  const { rows } = await pool.query<{ session_id: string; recorded_ms: number; session_ms: number | null }>(
    `SELECT session_id, ${MS('record_time')} AS recorded_ms, ${MS('session_record_time')} AS session_ms
     FROM retracted_sessions WHERE user_id = $1`,
    [userId],
  );
  return Object.fromEntries(
    rows.map(({ session_id, recorded_ms, session_ms }) => [session_id, [recorded_ms, session_ms]]),
  );
}

async function readSpecial(pool: Pool, userId: string) {
  const { rows } = await pool.query<{ erased_ms: number | null }>(
    `SELECT ${MS('erased_at')} AS erased_ms FROM special_users WHERE user_id = $1`,
    [userId],
  );
  const members = await pool.query<{ organisation_id: string }>(
    'SELECT organisation_id FROM organisation_members WHERE user_id = $1 ORDER BY organisation_id',
    [userId],
  );
  return {
    erasedAtMs: rows[0]?.erased_ms ?? null,
    organisations: members.rows.map(({ organisation_id }) => organisation_id),
  };
}

async function readDays(pool: Pool, userId: string, ruleId: RuleId) {
  const { rows } = await pool.query<{ date: string; total: string; end_ms: number; id: string; timezone: string }>(
    `SELECT local_date::text AS date, total, ${MS('latest_end')} AS end_ms, latest_id AS id, latest_timezone AS timezone
     FROM daily_totals WHERE user_id = $1 AND rule_id = $2`,
    [userId, ruleId],
  );
  return Object.fromEntries(
    rows.map(({ date, total, end_ms, id, timezone }) => [date, { total: Number(total), endMs: end_ms, id, timezone }]),
  );
}

interface StreakRow {
  readonly version: number;
  readonly runs: readonly { readonly first: string; readonly length: number }[];
  readonly current: number;
  readonly longest: number;
  readonly lastQualified: string | null;
  readonly days: number;
  readonly timezone: string | null;
  readonly expiresAtMs: number | null;
  readonly freezeRules: readonly (object | null)[] | null;
  readonly isUnlisted: boolean;
}

const NO_ROW: StreakRow = {
  version: 0,
  runs: [],
  current: 0,
  longest: 0,
  lastQualified: null,
  days: 0,
  timezone: null,
  expiresAtMs: null,
  freezeRules: null,
  isUnlisted: false,
};

async function readStreakRow(pool: Pool, userId: string, ruleId: RuleId): Promise<StreakRow> {
  const { rows } = await pool.query<StreakRow>(
    `SELECT version::int, current_run_length AS current, longest_run_length AS longest, last_qualified_date::text AS "lastQualified",
       qualified_days_count AS days, timezone, ${MS('expires_at')} AS "expiresAtMs", is_unlisted AS "isUnlisted",
       (SELECT coalesce(json_agg(json_build_object('first', lower(r)::text, 'length', upper(r) - lower(r)) ORDER BY r), '[]')
        FROM unnest(runs) AS r) AS runs,
       CASE WHEN bridging IS NOT NULL THEN
         (SELECT coalesce(json_agg(f -> 'rule'), '[]') FROM jsonb_array_elements(bridging -> 'freezes') AS f)
       END AS "freezeRules"
     FROM user_streaks WHERE user_id = $1 AND rule_id = $2`,
    [userId, ruleId],
  );
  return rows[0] ?? NO_ROW;
}

/** The organisations of generated settings, as the engine of organisations stores them. */
export async function storeTestOrganisations(pool: Pool): Promise<void> {
  for (const [organisationId, changes] of TEST_ORGANISATIONS) {
    if (changes.length === 0) continue;
    const settings = changes.reduce((stored, change) => addChange(stored, toSettingsChange(change), 0), noSettings);
    await pool.query('INSERT INTO organisations (organisation_id, settings) VALUES ($1, $2)', [
      organisationId,
      settings,
    ]);
  }
}
