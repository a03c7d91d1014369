import { int8Array, textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { RuleId } from '@streaks/shared/domain/rules';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { ClientBase } from 'pg';
import { parametersOf, type StreakValues } from './streak-columns';
import { type LockedStreak, parseStreakRow } from './streak-row-text';
import { additiveStatements, LOCK_STREAKS, READ_STREAKS, type StreakStatements } from './streak-statements';

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
    text: LOCK_STREAKS,
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
    text: READ_STREAKS,
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
