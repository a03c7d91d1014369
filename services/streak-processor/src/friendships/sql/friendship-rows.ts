import { textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import type { ClientBase } from 'pg';
import type { Friendship, FriendshipChange } from '../friendship-register';

/** Two users, `first` before `second` in the order of bytes: whose doing it was makes no difference. */
export interface Pair {
  readonly first: string;
  readonly second: string;
}

/** A pair and what is known of it; never nothing. */
export interface StoredPair extends Pair {
  readonly friendship: Friendship;
}

const PAIRS = 'unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_a, user_b, ord)';
const ROWS = `ROWS FROM (unnest($1::text[]), unnest($2::text[]), unnest($3::bool[]), unnest($4::timestamptz[]), unnest($5::timestamptz[]),
  unnest($6::jsonb[])) WITH ORDINALITY AS k(user_a, user_b, is_friend, changed_at, record_time, overruled, ord)`;

const INSERT = `
  INSERT INTO friendships (user_a, user_b, is_friend, changed_at, record_time, overruled)
  SELECT user_a, user_b, is_friend, changed_at, record_time, overruled FROM ${ROWS} ORDER BY ord
  ON CONFLICT DO NOTHING RETURNING user_a, user_b`;

// One look-up and lock per pair in the order of the arrays, whatever the planner believes of the table's size.
const LOCK = `
  SELECT f.is_friend, f.changed_ms, f.recorded_ms, f.overruled FROM ${PAIRS}
  CROSS JOIN LATERAL (
    SELECT is_friend, extract(epoch FROM changed_at) * 1000 AS changed_ms, extract(epoch FROM record_time) * 1000 AS recorded_ms, overruled
    FROM friendships r WHERE r.user_a = k.user_a AND r.user_b = k.user_b FOR UPDATE
  ) AS f`;

const UPDATE = `
  UPDATE friendships f SET is_friend = k.is_friend, changed_at = k.changed_at, record_time = k.record_time, overruled = k.overruled
  FROM ${ROWS} WHERE f.user_a = k.user_a AND f.user_b = k.user_b`;

/** A row of the table, its instants in epoch milliseconds. */
export interface FriendshipRow {
  readonly is_friend: boolean;
  readonly changed_ms: string;
  readonly recorded_ms: string;
  readonly overruled: readonly FriendshipChange[] | null;
}

export const toFriendship = ({ is_friend, changed_ms, recorded_ms, overruled }: FriendshipRow): Friendship => [
  { isFriend: is_friend, changedAtMs: Number(changed_ms), recordTimeMs: Number(recorded_ms) },
  ...(overruled ?? []),
];

/** Inserts the pairs that are not there, in their order; returns the places of the others, which then are there. */
export async function insertMissing(client: ClientBase, pairs: readonly StoredPair[]): Promise<readonly number[]> {
  const { rows } = await client.query<{ user_a: string; user_b: string }>({
    name: 'friendships_insert',
    text: INSERT,
    values: valuesOf(pairs),
  });
  if (rows.length === pairs.length) return [];
  const inserted = new Set(rows.map(({ user_a, user_b }) => keyOf({ first: user_a, second: user_b })));
  return [...pairs.keys()].filter((place) => !inserted.has(keyOf(pairs[place] as StoredPair)));
}

/**
 * The rows of pairs that are there, locked in the order given.
 * @throws when one is missing: its users' buckets are held, so nobody can have deleted it
 */
export async function lockFriendships(client: ClientBase, pairs: readonly Pair[]): Promise<readonly Friendship[]> {
  const { rows } = await client.query<FriendshipRow>({
    name: 'friendships_lock',
    text: LOCK,
    values: pairArrays(pairs),
  });
  if (rows.length !== pairs.length) throw new Error(`${pairs.length - rows.length} rows of friendships are missing`);
  return rows.map(toFriendship);
}

/** Writes over rows that are locked. */
export async function writeFriendships(client: ClientBase, pairs: readonly StoredPair[]): Promise<void> {
  await client.query({ name: 'friendships_update', text: UPDATE, values: valuesOf(pairs) });
}

/** Of ids without whitespace, so that no two pairs share one. */
export const keyOf = ({ first, second }: Pair): string => `${first} ${second}`;

const pairArrays = (pairs: readonly Pair[]) => [
  textArray(pairs.map(({ first }) => first)),
  textArray(pairs.map(({ second }) => second)),
];

function valuesOf(pairs: readonly StoredPair[]): unknown[] {
  const counting = pairs.map(({ friendship }) => friendship[0] as FriendshipChange);
  return [
    ...pairArrays(pairs),
    counting.map(({ isFriend }) => isFriend),
    timestamptzArray(counting.map(({ changedAtMs }) => changedAtMs)),
    timestamptzArray(counting.map(({ recordTimeMs }) => recordTimeMs)),
    pairs.map(({ friendship }) => (friendship.length === 1 ? null : JSON.stringify(friendship.slice(1)))),
  ];
}
