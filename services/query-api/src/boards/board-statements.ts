import { type BoardEntry, type BoardName, primaryFigure } from '@streaks/shared/redis/boards/board-entry';
import { instantColumn } from '../stores/postgres/postgres-query';

// The boards are read off two covering indexes of board_places, which hold them in their order: nothing is sorted, and no
// row is looked up that vacuum has seen since it changed.

const COLUMNS = `user_id, qualified_days, longest_streak, latest_streak,
  ${instantColumn('updated_at')} AS updated_at_ms, ${instantColumn('expires_at')} AS expires_at_ms`;

export type BoardRow = {
  user_id: string;
  qualified_days: number;
  longest_streak: number;
  latest_streak: number;
  updated_at_ms: string;
  expires_at_ms: string;
};

export function toEntry(row: BoardRow): BoardEntry {
  return {
    userId: row.user_id,
    qualifiedDays: row.qualified_days,
    longestStreak: row.longest_streak,
    latestStreak: row.latest_streak,
    updatedAtMs: Number(row.updated_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
  };
}

export interface BoardStatements {
  /** $1 rule, $2 now, $3 a number: each place of which that number is a divisor, in order; the first one is 1. */
  readonly anchors: string;
  /** $1 rule, $2 now, $3 how many to pass over, $4 most rows: from the first place on. */
  readonly fromStart: string;
  /** As `fromStart`, from after the place of $5 to $8: first figure, longest streak, updatedAt and user id. */
  readonly fromAnchor: string;
  /** $1 rule, $2 now, $3 to $6 a place, $7 most rows: how many of so many rows stand before the place, from the first on. */
  readonly countFromStart: string;
  /** As `countFromStart`, from after the place of $8 to $11. */
  readonly countFromAnchor: string;
}

export const READ_USER = `SELECT ${COLUMNS} FROM board_places WHERE rule_id = $1 AND user_id = $2`;

// Every parameter must stand in each statement: on the board of qualified days, now decides nothing.
export const boardStatements: Readonly<Record<BoardName, BoardStatements>> = {
  qualified: statementsOf('qualified_days', '$2::float8 IS NOT NULL'),
  current: statementsOf('latest_streak', `expires_at > ${instantParameter('$2')}`),
};

/** The parameters of a place, as the statements take them. */
export function placeOf(board: BoardName, entry: BoardEntry): readonly (string | number)[] {
  return [primaryFigure(board, entry), entry.longestStreak, entry.updatedAtMs, entry.userId];
}

function statementsOf(figure: string, isListed: string): BoardStatements {
  const order = `${figure} DESC, longest_streak DESC, updated_at, user_id`;
  const board = `SELECT ${COLUMNS}, updated_at FROM board_places WHERE rule_id = $1 AND ${isListed}`;

  /** Three stretches of the index, since its first two columns descend and the others ascend. */
  function after(place: readonly string[], limit: string): string {
    const [first, longest, updatedAt, userId] = place;
    return `(${board} AND ${figure} = ${first} AND longest_streak = ${longest}
               AND (updated_at, user_id) > (${updatedAt}, ${userId}) ORDER BY updated_at, user_id LIMIT ${limit})
      UNION ALL (${board} AND ${figure} = ${first} AND longest_streak < ${longest}
               ORDER BY longest_streak DESC, updated_at, user_id LIMIT ${limit})
      UNION ALL (${board} AND ${figure} < ${first} ORDER BY ${order} LIMIT ${limit})`;
  }

  function isBefore(place: readonly string[]): string {
    const [first, longest, updatedAt, userId] = place;
    return `(${figure} > ${first} OR (${figure} = ${first} AND (longest_streak > ${longest}
      OR (longest_streak = ${longest} AND (updated_at, user_id) < (${updatedAt}, ${userId})))))`;
  }

  function count(rows: string): string {
    return `SELECT count(*)::int AS places FROM (SELECT * FROM (${rows}) AS found ORDER BY ${order} LIMIT $7) AS nearest
      WHERE ${isBefore(placeParameters(3))}`;
  }

  return {
    anchors: `SELECT ${COLUMNS} FROM (
        SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM board_places WHERE rule_id = $1 AND ${isListed}
      ) AS ranked WHERE place % $3::bigint = 0 ORDER BY ${order}`,
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
