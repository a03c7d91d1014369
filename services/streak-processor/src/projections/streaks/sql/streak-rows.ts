import {
  dateArray,
  dateMultirangeArray,
  int4Array,
  int8Array,
  textArray,
} from '@streaks/exactly-once/binary/array-parameters';
import { emptyStreakState, type StreakState, type StreakSummary } from '@streaks/shared/domain/streak-state';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import type { ClientBase } from 'pg';
import { FOCUS_RULE } from '../streak-change';

const STATE_COLUMNS =
  'runs, current_run_length, longest_run_length, last_qualified_date, qualified_days_count, timezone, version';
const STATES = `unnest($2::datemultirange[], $3::int[], $4::int[], $5::date[], $6::int[], $7::text[], $8::bigint[])`;

// One look-up and lock per user in the order of the array, whatever the planner believes of the table's size.
const LOCK = `
  SELECT string_agg(concat_ws(' ', s.ctid, s.version, s.runs, s.timezone), E'\\n') AS states
  FROM unnest($1::text[]) AS k(user_id)
  LEFT JOIN LATERAL (
    SELECT ctid, version, runs, timezone FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 FOR UPDATE
  ) AS s ON true`;

const INSERT = `
  WITH inserted AS (
    INSERT INTO user_streaks (user_id, rule_id, ${STATE_COLUMNS})
    SELECT k.user_id, $9, k.runs, k.current_run, k.longest, k.last_date, k.days, k.timezone, k.version
    FROM ROWS FROM (unnest($1::text[]), ${STATES}) WITH ORDINALITY
      AS k(user_id, runs, current_run, longest, last_date, days, timezone, version, ord)
    ORDER BY k.ord
    ON CONFLICT DO NOTHING
    RETURNING user_id, ctid
  )
  SELECT string_agg(ctid::text, ' ') AS rows,
         CASE WHEN count(*) < cardinality($1::text[]) THEN coalesce(json_agg(user_id), '[]') END AS inserted FROM inserted`;

const READ = `
  SELECT s.user_id, concat_ws(' ', s.ctid, s.version, s.runs, s.timezone) AS state
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT ctid, user_id, version, runs, timezone FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 OFFSET 0
  ) AS s`;

// By place: a look-up less. The user and the version say whether it still is the row that was folded; one that another owner
// changed, or that vacuum gave to another user, is not. Compared under a collation that no index has, so that no plan looks them up.
const WRITE = `
  WITH written AS (
    UPDATE user_streaks s SET
      runs = k.runs, current_run_length = k.current_run, longest_run_length = k.longest,
      last_qualified_date = k.last_date, qualified_days_count = k.days, timezone = k.timezone, version = k.version,
      updated_at = now()
    FROM ROWS FROM (unnest($1::tid[]), ${STATES}, unnest($9::bigint[]), unnest($10::text[])) WITH ORDINALITY
      AS k(row, runs, current_run, longest, last_date, days, timezone, version, version_read, user_id, ord)
    WHERE s.ctid = k.row AND s.version = k.version_read
      AND s.user_id = k.user_id COLLATE "POSIX" AND s.rule_id = $11 COLLATE "POSIX"
    RETURNING k.ord, s.ctid
  )
  SELECT string_agg(ctid::text, ' ' ORDER BY ord) AS rows FROM written`;

/** A streak's row: locked by this transaction, or as a committed one left it. */
export interface LockedStreak {
  readonly state: StreakState;
  /** Where the row is (its `ctid`), until it is written again. */
  readonly row: string;
}

/** A state to be written over another. */
export interface StreakWrite {
  readonly userId: string;
  readonly locked: LockedStreak;
  readonly state: StreakState;
  readonly summary: StreakSummary;
}

/** The rows are not those that were folded. Carries the SQLSTATE of a serialization failure: roll back and repeat. */
export class StreakRowsChangedError extends Error {
  readonly code = '40001';

  constructor(expected: number, written: number) {
    super(`${written} of ${expected} streak rows had the version that was read`);
    this.name = 'StreakRowsChangedError';
  }
}

/**
 * Locks the rows of those users who have one, and returns them in the order of the users: sorted by the bytes of the id,
 * and distinct.
 */
export async function lockStreaks(
  client: ClientBase,
  userIds: readonly string[],
): Promise<readonly (LockedStreak | undefined)[]> {
  const { rows } = await client.query<{ states: string }>({
    name: 'streaks_lock_streaks',
    text: LOCK,
    values: [textArray(userIds), FOCUS_RULE],
  });
  return (rows[0]?.states ?? '').split('\n').map((text) => (text === '' ? undefined : parseRow(text)));
}

export interface InsertedStreaks {
  /** Users who have got a row from another owner meanwhile: a state folded from nothing is wrong for them, so nothing was written. */
  readonly lost: ReadonlySet<string>;
  /** Where the new rows are, in the order of the inserts; empty where some were lost. */
  readonly rows: readonly string[];
}

/** Inserts the states of users who have no row. Waits for owners that are about to. */
export async function insertStreaks(
  client: ClientBase,
  inserts: readonly Omit<StreakWrite, 'locked'>[],
): Promise<InsertedStreaks> {
  const { rows } = await client.query<{ rows: string | null; inserted: readonly string[] | null }>({
    name: 'streaks_insert_streaks',
    text: INSERT,
    values: [textArray(inserts.map(({ userId }) => userId)), ...stateParameters(inserts), FOCUS_RULE],
  });
  // Null where all were inserted, the usual case.
  const inserted = rows[0]?.inserted ?? null;
  if (inserted === null) return { lost: new Set(), rows: (rows[0]?.rows ?? '').split(' ') };
  const lost = new Set(inserts.map(({ userId }) => userId));
  for (const userId of inserted) lost.delete(userId);
  return { lost, rows: [] };
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

/**
 * Writes the states in their order and returns where the rows are now.
 * @throws StreakRowsChangedError when a row is no longer the one that was folded
 */
export async function writeStreaks(client: ClientBase, writes: readonly StreakWrite[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ rows: string | null }>({
    name: 'streaks_write_streaks',
    text: WRITE,
    values: [
      tidArray(writes.map(({ locked }) => locked.row)),
      ...stateParameters(writes),
      int8Array(writes.map(({ locked }) => locked.state.version)),
      textArray(writes.map(({ userId }) => userId)),
      FOCUS_RULE,
    ],
  });
  const text = rows[0]?.rows ?? null;
  const places = text === null ? [] : text.split(' ');
  if (places.length !== writes.length) throw new StreakRowsChangedError(writes.length, places.length);
  return places;
}

/** As text that is an array already: pg would look at each place for characters to escape. */
const tidArray = (rows: readonly string[]): string => `{"${rows.join('","')}"}`;

/** The columns of STATES. */
function stateParameters(written: readonly Pick<StreakWrite, 'state' | 'summary'>[]): readonly Buffer[] {
  return [
    dateMultirangeArray(written.map(({ state }) => state.runs)),
    int4Array(written.map(({ summary }) => summary.currentRunLength)),
    int4Array(written.map(({ summary }) => summary.longest)),
    dateArray(written.map(({ summary }) => summary.lastQualifiedDate)),
    int4Array(written.map(({ summary }) => summary.qualifiedDaysCount)),
    textArray(written.map(({ state }) => state.timezone)),
    int8Array(written.map(({ state }) => state.version)),
  ];
}

/** `ctid version runs timezone`; the last one is absent where it is null, and none of them holds a space. */
function parseRow(text: string): LockedStreak {
  const [row = '', version = '', runs = '', timezone = null] = text.split(' ');
  return { row, state: { version: Number(version), runs: parseRuns(runs), timezone } };
}
