import type { StreakState } from '../../domain/streaks/streak-state';
import { type BoardEntry, type BoardName, compareOnBoard, currentStreakOf, toBoardEntry } from './board-entry';
import type { BoardReader } from './board-reader';

export interface MemoryBoardsOptions {
  readonly isFilled: (ruleId: string) => boolean;
  /** What is stored under a rule, in any order. */
  readonly statesOf: (ruleId: string) => Iterable<readonly [userId: string, state: StreakState]>;
}

/** The same boards, sorted anew for each read; for tests of what stands on them. */
export function createMemoryBoards({ isFilled, statesOf }: MemoryBoardsOptions): BoardReader {
  function sorted(ruleId: string, board: BoardName, nowMs: number): readonly BoardEntry[] {
    return [...statesOf(ruleId)]
      .flatMap(([userId, state]) => toBoardEntry(userId, state) ?? [])
      .filter((entry) => board === 'qualified' || currentStreakOf(entry, nowMs) > 0)
      .sort((one, other) => compareOnBoard(board, one, other));
  }

  return {
    async page(ruleId, board, { offset, limit }, nowMs) {
      const entries = sorted(ruleId, board, nowMs);
      return isFilled(ruleId)
        ? { total: entries.length, first: offset, entries: entries.slice(offset, offset + limit) }
        : undefined;
    },
    async around(ruleId, board, { userId, limit }, nowMs) {
      const entries = sorted(ruleId, board, nowMs);
      const total = entries.length;
      const place = entries.findIndex((entry) => entry.userId === userId);
      if (!isFilled(ruleId)) {
        return undefined;
      }
      if (place === -1) {
        return { total, first: 0, entries: [] };
      }
      const first = firstAround(place, limit, total);
      return { total, first, entries: entries.slice(first, first + limit) };
    },
  };
}

/** Where a page begins that has a place in its middle and is as full as the board allows. */
export function firstAround(place: number, limit: number, total: number): number {
  return Math.max(0, Math.min(place - Math.floor((limit - 1) / 2), total - limit));
}
