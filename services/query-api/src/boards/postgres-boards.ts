import { type BoardEntry, type BoardName, compareOnBoard } from '@streaks/shared/redis/boards/board-entry';
import type { BoardPage, BoardReader } from '@streaks/shared/redis/boards/board-reader';
import type { Pool } from 'pg';
import { createPostgresQuery } from '../stores/postgres/postgres-query';
import type { StoreCircuit } from '../stores/store-circuit';
import { ANCHOR_SPACING, type BoardOutline, scanOutline } from './board-outline';
import { type BoardRow, boardStatements, placeOf, READ_USER, toEntry } from './board-statements';
import { keepOutlines } from './keep-outlines';

export interface PostgresBoardsOptions {
  readonly pool: Pool;
  readonly circuit: StoreCircuit;
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
}

/**
 * The boards as Postgres has them, in the same order as in Redis; always whole. The entries of a page are those of this moment.
 * Which ranks they have, and how many users there are, is told by an outline that may be some seconds old: to count a board of
 * a million users takes a fifth of a second, to read a page of it from the nearest anchor a millisecond.
 */
export function createPostgresBoards({ pool, circuit, timeoutMs, monotonicMs }: PostgresBoardsOptions): BoardReader {
  const query = createPostgresQuery({ pool, circuit, timeoutMs });
  const outlines = keepOutlines({
    scan: (ruleId, board, nowMs) => circuit.run(() => scanOutline(pool, ruleId, board, nowMs)),
    monotonicMs,
  });

  interface Board {
    readonly ruleId: string;
    readonly board: BoardName;
    readonly nowMs: number;
    readonly outline: BoardOutline;
  }

  async function open(ruleId: string, board: BoardName, nowMs: number): Promise<Board> {
    return { ruleId, board, nowMs, outline: await outlines.get(ruleId, board, nowMs) };
  }

  /** Entries from a number of places after an anchor on; anchor 0 is the start of the board. */
  async function readFrom(
    { ruleId, board, nowMs, outline }: Board,
    anchor: number,
    skip: number,
    limit: number,
  ): Promise<readonly BoardEntry[]> {
    const from = outline.anchors[anchor - 1];
    const statements = boardStatements[board];
    const values = [ruleId, nowMs, skip, limit];
    const rows =
      from === undefined
        ? await query<BoardRow>(`board_${board}`, statements.fromStart, values)
        : await query<BoardRow>(`board_${board}_on`, statements.fromAnchor, [...values, ...placeOf(board, from)]);
    return rows.map(toEntry);
  }

  /** How many entries stand before one, counted from an anchor on: as far as two anchors more. */
  async function countFrom({ ruleId, board, nowMs, outline }: Board, anchor: number, entry: BoardEntry) {
    const from = outline.anchors[anchor - 1];
    const statements = boardStatements[board];
    const values = [ruleId, nowMs, ...placeOf(board, entry), 3 * ANCHOR_SPACING];
    const [row] =
      from === undefined
        ? await query<{ places: number }>(`board_${board}_count`, statements.countFromStart, values)
        : await query<{ places: number }>(`board_${board}_count_on`, statements.countFromAnchor, [
            ...values,
            ...placeOf(board, from),
          ]);
    return row?.places ?? 0;
  }

  return {
    async page(ruleId, board, { offset, limit }, nowMs) {
      const opened = await open(ruleId, board, nowMs);
      const { total, anchors } = opened.outline;
      const anchor = Math.floor(offset / ANCHOR_SPACING);
      const isBeyond = anchor > anchors.length;
      const entries = isBeyond ? [] : await readFrom(opened, anchor, offset - anchor * ANCHOR_SPACING, limit);
      return { total: Math.max(total, entries.length === 0 ? 0 : offset + entries.length), first: offset, entries };
    },

    async around(ruleId, board, { userId, limit }, nowMs): Promise<BoardPage> {
      const [opened, [row]] = await Promise.all([
        open(ruleId, board, nowMs),
        query<BoardRow>('board_user', READ_USER, [ruleId, userId]),
      ]);
      const { total, anchors } = opened.outline;
      const entry = row === undefined ? undefined : toEntry(row);
      if (entry === undefined || (board === 'current' && entry.expiresAtMs <= nowMs)) {
        return { total, first: 0, entries: [] };
      }
      // Place and page are counted from one anchor, that before the last one before the user: so the user is on the page.
      const anchor = Math.max(0, countBefore(anchors, (one) => compareOnBoard(board, one, entry) < 0) - 1);
      const place = await countFrom(opened, anchor, entry);
      const start = anchor * ANCHOR_SPACING;
      const fullest = Math.max(total - start - limit, place - limit + 1);
      const skip = Math.max(0, Math.min(place - Math.floor((limit - 1) / 2), fullest));
      const entries = await readFrom(opened, anchor, skip, limit);
      return { total: Math.max(total, start + skip + entries.length), first: start + skip, entries };
    },
  };
}

/** How many elements come before a point, of a list in which those that do come first. */
function countBefore<Element>(list: readonly Element[], isBefore: (element: Element) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const element = list[middle];
    if (element !== undefined && isBefore(element)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
