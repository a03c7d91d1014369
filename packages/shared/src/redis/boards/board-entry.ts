import { findZone, type Zone } from '../../domain/calendar/zone';
import { expiresAt } from '../../domain/streaks/evaluate-streak';
import { type StreakState, summarise } from '../../domain/streaks/streak-state';
import { compareUtf8 } from '../../domain/utf8-order';

/** `qualified`: by qualified days ever. `current`: by the streak that is alive; broken ones are out. */
export type BoardName = 'qualified' | 'current';

export const BOARD_NAMES: readonly BoardName[] = Object.freeze(['qualified', 'current']);

/** What boards know of a user under a rule. */
export interface BoardEntry {
  readonly userId: string;
  /** At least 1. */
  readonly qualifiedDays: number;
  readonly longestStreak: number;
  /** Length of the latest streak, which is the current one until `expiresAtMs`. */
  readonly latestStreak: number;
  /** Record time of the event that changed the streak last, in epoch milliseconds. */
  readonly updatedAtMs: number;
  /** The instant at which the latest streak breaks if nothing is added, in epoch milliseconds. */
  readonly expiresAtMs: number;
}

/** Undefined for who is on no board: without a qualified day, or unlisted by their own wish. */
export function toBoardEntry(userId: string, state: StreakState): BoardEntry | undefined {
  if (state.isUnlisted === true || state.runs.length === 0) {
    return undefined;
  }
  const expiresAtMs = expiresAt(state, zoneOf(state));
  if (expiresAtMs === null) {
    return undefined;
  }
  const { qualifiedDaysCount, longest, currentRunLength } = summarise(state);
  return {
    userId,
    qualifiedDays: qualifiedDaysCount,
    longestStreak: longest,
    latestStreak: currentRunLength,
    updatedAtMs: state.updatedAtMs,
    expiresAtMs,
  };
}

/** By which figure a board ranks first. */
export function primaryFigure(board: BoardName, entry: Pick<BoardEntry, 'qualifiedDays' | 'latestStreak'>): number {
  return board === 'qualified' ? entry.qualifiedDays : entry.latestStreak;
}

/**
 * The order of a board, the same in Redis and in Postgres: most days first, then the longest streak, then who got there
 * first, then the bytes of the id. No two users are equal.
 */
export function compareOnBoard(board: BoardName, one: BoardEntry, other: BoardEntry): number {
  return (
    primaryFigure(board, other) - primaryFigure(board, one) ||
    other.longestStreak - one.longestStreak ||
    one.updatedAtMs - other.updatedAtMs ||
    compareUtf8(one.userId, other.userId)
  );
}

/** The length of the streak that is alive at an instant, else 0. */
export function currentStreakOf({ latestStreak, expiresAtMs }: BoardEntry, nowMs: number): number {
  return expiresAtMs > nowMs ? latestStreak : 0;
}

/** That of the state; UTC where this process's tz database does not know its name. */
function zoneOf({ timezone }: StreakState): Zone {
  const zone = (timezone === null ? undefined : findZone(timezone)) ?? findZone('UTC');
  if (zone === undefined) {
    throw new Error('the tz database of this process has no UTC');
  }
  return zone;
}
