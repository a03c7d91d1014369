import { int8Array, textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { RuleId } from '@streaks/shared/domain/rules';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streak-state';
import type { ClientBase } from 'pg';
import {
  arraysOf,
  assignmentsOf,
  namesOf,
  parametersOf,
  SETTINGS_COLUMNS,
  STATE_COLUMNS,
  type StreakValues,
  valuesOf,
} from './streak-columns';
import { type LockedStreak, parseStreakRow, STREAK_ROW, STREAK_ROW_COLUMNS } from './streak-row-text';

// One look-up and lock per user in the order of the array, whatever the planner believes of the table's size.
const LOCK = `
  SELECT string_agg(${STREAK_ROW}, E'\\n') AS states
  FROM unnest($1::text[]) AS k(user_id)
  LEFT JOIN LATERAL (
    SELECT ${STREAK_ROW_COLUMNS} FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 FOR UPDATE
  ) AS s ON true`;

const READ = `
  SELECT k.user_id, ${STREAK_ROW} AS state
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT ${STREAK_ROW_COLUMNS} FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 OFFSET 0
  ) AS s`;

type Columns = typeof STATE_COLUMNS;

const insertStatement = (columns: Columns): string => `
  WITH inserted AS (
    INSERT INTO user_streaks (user_id, rule_id, ${namesOf(columns)})
    SELECT k.user_id, $2, ${valuesOf(columns)}
    FROM ROWS FROM (unnest($1::text[]), ${arraysOf(columns, 3)}) WITH ORDINALITY AS k(user_id, ${namesOf(columns)}, ord)
    ORDER BY k.ord
    ON CONFLICT DO NOTHING
    RETURNING user_id, ctid
  )
  SELECT string_agg(ctid::text, ' ') AS rows,
         CASE WHEN count(*) < cardinality($1::text[]) THEN coalesce(json_agg(user_id), '[]') END AS inserted FROM inserted`;

// By place: a look-up less. The user and the version say whether it still is the row that was folded; one that another owner
// changed, or that vacuum gave to another user, is not. Compared under a collation that no index has, so that no plan looks them up.
const writeStatement = (columns: Columns): string => `
  WITH written AS (
    UPDATE user_streaks s SET ${assignmentsOf(columns)}
    FROM ROWS FROM (unnest($1::tid[]), unnest($2::bigint[]), unnest($3::text[]), ${arraysOf(columns, 5)}) WITH ORDINALITY
      AS k(row, version_read, user_id, ${namesOf(columns)}, ord)
    WHERE s.ctid = k.row AND s.version = k.version_read
      AND s.user_id = k.user_id COLLATE "POSIX" AND s.rule_id = $4 COLLATE "POSIX"
    RETURNING k.ord, s.ctid
  )
  SELECT string_agg(ctid::text, ' ' ORDER BY ord) AS rows,
         CASE WHEN count(*) < cardinality($1::tid[]) THEN coalesce(json_agg(ord), '[]') END AS written FROM written`;

/** Which columns are written: those of a state, or those that come from settings as well. */
export interface StreakStatements {
  readonly columns: Columns;
  readonly insert: { readonly name?: string; readonly text: string };
  readonly write: { readonly name?: string; readonly text: string };
}

/** Of sessions and check-ins: they leave alone what settings say. */
export const additiveStatements: StreakStatements = {
  columns: STATE_COLUMNS,
  insert: { name: 'streaks_insert_streaks', text: insertStatement(STATE_COLUMNS) },
  write: { name: 'streaks_write_streaks', text: writeStatement(STATE_COLUMNS) },
};

const ALL_COLUMNS = [...STATE_COLUMNS, ...SETTINGS_COLUMNS];

export const correctionStatements: StreakStatements = {
  columns: ALL_COLUMNS,
  insert: { text: insertStatement(ALL_COLUMNS) },
  write: { text: writeStatement(ALL_COLUMNS) },
};

/** A state for a user who has no row. */
export interface StreakInsert extends StreakValues {
  readonly userId: string;
}

/** A state to be written over another. */
export interface StreakWrite extends StreakInsert {
  readonly locked: LockedStreak;
}

/** Rows are not those that were folded. Carries the SQLSTATE of a serialization failure: roll back and repeat. */
export class StreakRowsChangedError extends Error {
  readonly code = '40001';

  constructor(
    /** Whose rows these are. */
    readonly userIds: readonly string[],
  ) {
    super(`${userIds.length} streak rows have not the version that was read`);
    this.name = 'StreakRowsChangedError';
  }
}

/**
 * Locks the rows of those users who have one, and returns them in the order of the users: sorted by the bytes of the id,
 * and distinct.
 */
export async function lockStreaks(
  client: ClientBase,
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<readonly (LockedStreak | undefined)[]> {
  const { rows } = await client.query<{ states: string }>({
    name: 'streaks_lock_streaks',
    text: LOCK,
    values: [textArray(userIds), ruleId],
  });
  return (rows[0]?.states ?? '').split('\n').map((text) => (text === '' ? undefined : parseStreakRow(text)));
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
  ruleId: RuleId,
  inserts: readonly StreakInsert[],
  { columns, insert }: StreakStatements = additiveStatements,
): Promise<InsertedStreaks> {
  const { rows } = await client.query<{ rows: string | null; inserted: readonly string[] | null }>({
    ...insert,
    values: [textArray(inserts.map(({ userId }) => userId)), ruleId, ...parametersOf(columns, inserts)],
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
  ruleId: RuleId,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, StreakState>> {
  const { rows } = await client.query<{ user_id: string; state: string }>({
    name: 'streaks_read_streaks',
    text: READ,
    values: [textArray(userIds), ruleId],
  });
  const found = new Map(rows.map(({ user_id, state }) => [user_id, parseStreakRow(state).state]));
  return new Map(userIds.map((userId) => [userId, found.get(userId) ?? emptyStreakState]));
}

/**
 * Writes the states in their order and returns where the rows are now.
 * @throws StreakRowsChangedError when a row is no longer the one that was folded
 */
export async function writeStreaks(
  client: ClientBase,
  ruleId: RuleId,
  writes: readonly StreakWrite[],
  { columns, write }: StreakStatements = additiveStatements,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ rows: string | null; written: readonly number[] | null }>({
    ...write,
    values: [
      tidArray(writes.map(({ locked }) => locked.row)),
      int8Array(writes.map(({ locked }) => locked.state.version)),
      textArray(writes.map(({ userId }) => userId)),
      ruleId,
      ...parametersOf(columns, writes),
    ],
  });
  // Null where all were written, the usual case.
  const written = rows[0]?.written ?? null;
  if (written !== null) {
    const places = new Set(written);
    throw new StreakRowsChangedError(writes.filter((_, place) => !places.has(place + 1)).map(({ userId }) => userId));
  }
  return (rows[0]?.rows ?? '').split(' ');
}

/** As text that is an array already: pg would look at each place for characters to escape. */
const tidArray = (rows: readonly string[]): string => `{"${rows.join('","')}"}`;
