import { dateArray, int4Array, int8Array, textArray } from '@streaks/exactly-once/binary/array-parameters';
import { emptyStreakState, type StreakState, summarise } from '@streaks/shared/domain/streak-state';
import { formatRuns, parseRuns } from '@streaks/shared/postgres/multirange';
import type { ClientBase } from 'pg';
import { FOCUS_RULE } from '../streak-change';

const INSERT_MISSING = `
  INSERT INTO user_streaks (user_id, rule_id)
  SELECT user_id, $2 FROM unnest($1::text[]) WITH ORDINALITY AS k(user_id, ord) ORDER BY ord
  ON CONFLICT DO NOTHING`;

// One look-up and lock per user in the order of the array, whatever the planner believes of the table's size.
const LOCK = `
  SELECT string_agg(concat_ws(' ', s.ctid, s.version, s.runs, s.timezone), E'\\n') AS states, count(*)::int AS count
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT ctid, version, runs, timezone FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 FOR UPDATE
  ) AS s`;

const READ = `
  SELECT s.user_id, concat_ws(' ', s.ctid, s.version, s.runs, s.timezone) AS state
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT ctid, user_id, version, runs, timezone FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 OFFSET 0
  ) AS s`;

// By ctid: the rows are locked, so none can have moved since it was read.
const WRITE = `
  UPDATE user_streaks s SET
    runs = k.runs::datemultirange, current_run_length = k.current_run, longest_run_length = k.longest,
    last_qualified_date = k.last_date, qualified_days_count = k.days, timezone = k.timezone, version = k.version,
    updated_at = now()
  FROM unnest($1::tid[], $2::bigint[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::date[], $8::int[], $9::text[])
    AS k(row, version_read, version, runs, current_run, longest, last_date, days, timezone)
  WHERE s.ctid = k.row AND s.version = k.version_read`;

/** A streak's row, locked by this transaction. */
export interface LockedStreak {
  readonly state: StreakState;
  /** Where the row is (its `ctid`); good until the row is written or the transaction ends. */
  readonly row: string;
}

/** A state to be written over a locked one. */
export interface StreakWrite {
  readonly locked: LockedStreak;
  readonly state: StreakState;
}

/** The rows changed although they were locked. Carries the SQLSTATE of a serialization failure: roll back and repeat. */
export class StreakRowsChangedError extends Error {
  readonly code = '40001';

  constructor(expected: number, written: number) {
    super(`${written} of ${expected} streak rows had the version that was read`);
    this.name = 'StreakRowsChangedError';
  }
}

/**
 * Locks the users' rows and returns their states, in the same order: sorted by the bytes of the user id, and distinct.
 *
 * Missing rows are inserted empty first, and all are locked by a *separate* statement after that. Two owners that find the
 * same row missing at once would both start from an empty state if one statement did both: the second one would still
 * look at its old snapshot after it waited for the first.
 */
export async function lockStreaks(client: ClientBase, userIds: readonly string[]): Promise<readonly LockedStreak[]> {
  const users = textArray(userIds);
  await client.query({ name: 'streaks_insert_streaks', text: INSERT_MISSING, values: [users, FOCUS_RULE] });
  const { rows } = await client.query<{ states: string | null; count: number }>({
    name: 'streaks_lock_streaks',
    text: LOCK,
    values: [users, FOCUS_RULE],
  });
  const [row] = rows;
  if (row === undefined || row.states === null || row.count !== userIds.length) {
    throw new StreakRowsChangedError(userIds.length, row?.count ?? 0);
  }
  return row.states.split('\n').map(parseRow);
}

/** States as this transaction sees them, without a lock; the empty one for a user who has none. */
export async function readStreaks(
  client: ClientBase,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, StreakState>> {
  const { rows } = await client.query<{ user_id: string; state: string }>({
    name: 'streaks_read_streaks',
    text: READ,
    values: [textArray(userIds), FOCUS_RULE],
  });
  const found = new Map(rows.map(({ user_id, state }) => [user_id, parseRow(state).state]));
  return new Map(userIds.map((userId) => [userId, found.get(userId) ?? emptyStreakState]));
}

/** @throws StreakRowsChangedError when a row no longer has the version that was read */
export async function writeStreaks(client: ClientBase, writes: readonly StreakWrite[]): Promise<void> {
  const summaries = writes.map(({ state }) => summarise(state));
  const { rowCount } = await client.query({
    name: 'streaks_write_streaks',
    text: WRITE,
    values: [
      writes.map(({ locked }) => locked.row),
      int8Array(writes.map(({ locked }) => locked.state.version)),
      int8Array(writes.map(({ state }) => state.version)),
      textArray(writes.map(({ state }) => formatRuns(state.runs))),
      int4Array(summaries.map(({ currentRunLength }) => currentRunLength)),
      int4Array(summaries.map(({ longest }) => longest)),
      dateArray(summaries.map(({ lastQualifiedDate }) => lastQualifiedDate)),
      int4Array(summaries.map(({ qualifiedDaysCount }) => qualifiedDaysCount)),
      textArray(writes.map(({ state }) => state.timezone)),
    ],
  });
  if (rowCount !== writes.length) throw new StreakRowsChangedError(writes.length, rowCount ?? 0);
}

/** `ctid version runs timezone`; the last one is absent where it is null, and none of them holds a space. */
function parseRow(text: string): LockedStreak {
  const [row = '', version = '', runs = '', timezone = null] = text.split(' ');
  return { row, state: { version: Number(version), runs: parseRuns(runs), timezone } };
}
