import type { Redis } from 'ioredis';
import type { BoardEntry, BoardName } from './board-entry';
import { boardKeys } from './board-keys';
import { defineBoardScripts } from './board-scripts';
import { decodeMember } from './board-value';

/** One script call blocks Redis for all other clients: to trim so many of a board of a million takes two to four milliseconds. */
export const TRIM_AT_ONCE = 500;
const MORE_TO_TRIM = -1;
/** So many calls take a few tenths of a second. */
const MOST_TRIMS = 40;

/** Which places of a board to read. */
export interface PageRequest {
  /** Places to pass over. */
  readonly offset: number;
  /** Most entries, at least 1. */
  readonly limit: number;
}

/** A user in the middle of as many places. */
export interface AroundRequest {
  readonly userId: string;
  readonly limit: number;
}

export interface BoardPage {
  /** Users on the board. */
  readonly total: number;
  /** Place of the first entry, from 0: its rank is one more. */
  readonly first: number;
  readonly entries: readonly BoardEntry[];
}

/**
 * The boards of a store. `nowMs` decides who is on the current board: a streak that has broken by then is out, though nobody
 * wrote that. Methods resolve to undefined where the boards are not there as a whole: never filled, emptied, being filled; or
 * where so many streaks broke a moment ago that they cannot be taken off while somebody waits (the next call goes on).
 */
export interface BoardReader {
  page(ruleId: string, board: BoardName, request: PageRequest, nowMs: number): Promise<BoardPage | undefined>;
  /** Without entries for a user who is not on the board. */
  around(ruleId: string, board: BoardName, request: AroundRequest, nowMs: number): Promise<BoardPage | undefined>;
}

/** The boards in Redis. Every method rejects while it is away. */
export function createBoardReader({
  redis,
  keyPrefix,
}: {
  readonly redis: Redis;
  readonly keyPrefix: string;
}): BoardReader {
  const scripts = defineBoardScripts(redis);

  async function read(
    ruleId: string,
    board: BoardName,
    [offset, userId, limit]: readonly [offset: number, userId: string, limit: number],
    nowMs: number,
  ): Promise<BoardPage | undefined> {
    const keys = boardKeys(keyPrefix, ruleId);
    const touched = [keys.sentinel, keys.members, keys[board], ...(board === 'current' ? [keys.expiry] : [])];
    for (let call = 0; call <= MOST_TRIMS; call += 1) {
      const values = [nowMs, TRIM_AT_ONCE, offset, userId, limit];
      const [total, first, ...pairs] = await scripts.boardsRead(touched.length, ...touched, ...values);
      if (total === undefined) {
        return undefined;
      }
      if (total !== MORE_TO_TRIM) {
        return { total: Number(total), first: Number(first), entries: decodePairs(pairs) };
      }
    }
    return undefined;
  }

  return {
    page: (ruleId, board, { offset, limit }, nowMs) => read(ruleId, board, [offset, '', limit], nowMs),
    around: (ruleId, board, { userId, limit }, nowMs) => read(ruleId, board, [0, userId, limit], nowMs),
  };
}

function decodePairs(pairs: readonly (number | string)[]): readonly BoardEntry[] {
  const entries: BoardEntry[] = [];
  for (let index = 0; index < pairs.length; index += 2) {
    const userId = String(pairs[index]);
    const entry = decodeMember(userId, String(pairs[index + 1]));
    if (entry === undefined) {
      throw new Error(`${userId} stands on a board without a value`);
    }
    entries.push(entry);
  }
  return entries;
}
