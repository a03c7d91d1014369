import type { BoardEntry, BoardName } from '@streaks/shared/redis/boards/board-entry';
import { instantColumn } from '../stores/postgres/postgres-query';

// The boards are read off two covering indexes of user_streaks, which hold them in their order: nothing is sorted, and no
// row is looked up that vacuum has seen since it changed.

const COLUMNS = `user_id, qualified_days_count, longest_run_length, current_run_length,
  ${instantColumn('updated_at')} AS updated_at_ms, ${instantColumn('expires_at')} AS expires_at_ms`;

export type BoardRow = {
  user_id: string;
  qualified_days_count: number;
  longest_run_length: number;
  current_run_length: number;
  updated_at_ms: string;
  expires_at_ms: string | null;
};

/** Expiry is null only in rows that a release before the boards wrote last: no current streak is told of those. */
export function toEntry(row: BoardRow): BoardEntry {
  return {
    userId: row.user_id,
    qualifiedDays: row.qualified_days_count,
    longestStreak: row.longest_run_length,
    latestStreak: row.current_run_length,
    updatedAtMs: Number(row.updated_at_ms),
    expiresAtMs: Number(row.expires_at_ms ?? 0),
  };
}

export interface BoardStatements {
  /** $1 rule, $2 now: the whole board in its order. */
  readonly all: string;
  /** $1 rule, $2 now, $3 how many to pass over, $4 most rows: from the first place on. */
  readonly fromStart: string;
  /** As `fromStart`, from after the place of $5 to $8: first figure, longest streak, updatedAt and user id. */
  readonly fromAnchor: string;
  /** $1 rule, $2 now, $3 to $6 a place, $7 most rows: how many of so many rows stand before the place, from the first on. */
  readonly countFromStart: string;
  /** As `countFromStart`, from after the place of $8 to $11. */
  readonly countFromAnchor: string;
}

export const READ_USER = `SELECT ${COLUMNS} FROM user_streaks WHERE rule_id = $1 AND user_id = $2 AND NOT is_unlisted AND qualified_days_count > 0`;

// Every parameter must stand in each statement: on the board of qualified days, now decides nothing.
export const boardStatements: Readonly<Record<BoardName, BoardStatements>> = {
  qualified: statementsOf('qualified_days_count', '$2::float8 IS NOT NULL'),
  current: statementsOf('current_run_length', `expires_at > ${instantParameter('$2')}`),
};

function statementsOf(figure: string, isListed: string): BoardStatements {
  const order = `${figure} DESC, longest_run_length DESC, updated_at, user_id`;
  const board = `SELECT ${COLUMNS}, updated_at FROM user_streaks
    WHERE rule_id = $1 AND NOT is_unlisted AND qualified_days_count > 0 AND ${isListed}`;

  /** Three stretches of the index, since its first two columns descend and the others ascend. */
  function after(place: readonly string[], limit: string): string {
    const [first, longest, updatedAt, userId] = place;
    return `(${board} AND ${figure} = ${first} AND longest_run_length = ${longest}
               AND (updated_at, user_id) > (${updatedAt}, ${userId}) ORDER BY updated_at, user_id LIMIT ${limit})
      UNION ALL (${board} AND ${figure} = ${first} AND longest_run_length < ${longest}
               ORDER BY longest_run_length DESC, updated_at, user_id LIMIT ${limit})
      UNION ALL (${board} AND ${figure} < ${first} ORDER BY ${order} LIMIT ${limit})`;
  }

  function isBefore(place: readonly string[]): string {
    const [first, longest, updatedAt, userId] = place;
    return `(${figure} > ${first} OR (${figure} = ${first} AND (longest_run_length > ${longest}
      OR (longest_run_length = ${longest} AND (updated_at, user_id) < (${updatedAt}, ${userId})))))`;
  }

  function count(rows: string): string {
    return `SELECT count(*)::int AS places FROM (SELECT * FROM (${rows}) AS found ORDER BY ${order} LIMIT $7) AS nearest
      WHERE ${isBefore(placeParameters(3))}`;
  }

  return {
    all: `${board} ORDER BY ${order}`,
    fromStart: `${board} ORDER BY ${order} OFFSET $3 LIMIT $4`,
    fromAnchor: `SELECT * FROM (${after(placeParameters(5), '$3::bigint + $4')}) AS found ORDER BY ${order} OFFSET $3 LIMIT $4`,
    countFromStart: count(`${board} ORDER BY ${order} LIMIT $7`),
    countFromAnchor: count(after(placeParameters(8), '$7')),
  };
}

function placeParameters(from: number): readonly string[] {
  return [`$${from}::int`, `$${from + 1}::int`, instantParameter(`$${from + 2}`), `$${from + 3}`];
}

/** Epoch milliseconds as the column has them. */
function instantParameter(parameter: string): string {
  return `to_timestamp(${parameter}::float8 / 1000)::timestamptz(3)`;
}
