import type { BoardEntry, BoardName, CollectedRun, StoredBoard, StoredStreak } from '../collected-run';
import { compareKeyed, type Fault } from '../fault';

/** Redis and we may differ about now by so much: streaks that break within it may be on the current board or not. */
const CLOCKS_MS = 120_000;

/** Holds the boards in Redis against the states in Postgres: who is on them, with what figures, and in what order. */
export function boardFaults({ streaks, boards, boardsReadAtMs }: CollectedRun): Fault[] {
  return boards.flatMap((board) => {
    const where = `board ${board.rule}:${board.board}`;
    const listed = streaks.filter(
      ({ rule, isUnlisted, qualifiedDaysCount }) => rule === board.rule && !isUnlisted && qualifiedDaysCount > 0,
    );
    const isDoubtful = ({ expiresAtMs }: Pick<BoardEntry, 'expiresAtMs'>): boolean =>
      board.board === 'current' && Math.abs(expiresAtMs - boardsReadAtMs) <= CLOCKS_MS;
    const wanted = listed
      .map(entryOf)
      .filter((entry) => !isDoubtful(entry) && (board.board === 'qualified' || entry.expiresAtMs > boardsReadAtMs))
      .sort((one, other) => rank(board.board, one, other));
    const entries = board.entries.filter((entry) => !isDoubtful(entry));
    const faults = compareKeyed(
      where,
      entries,
      new Map(wanted.map((entry) => [entry.userId, entryText(entry)])),
      ({ userId }) => userId,
      entryText,
    );
    return faults.length > 0 ? faults : orderFaults(where, entries, wanted);
  });
}

/** What the state of a user puts on boards. */
export interface RankedEntry extends BoardEntry {
  readonly updatedAtMs: number;
}

export function entryOf(row: StoredStreak): RankedEntry {
  return {
    userId: row.userId,
    version: row.version,
    qualifiedDays: row.qualifiedDaysCount,
    longest: row.longestRunLength,
    latest: row.currentRunLength,
    expiresAtMs: row.expiresAtMs ?? -1,
    updatedAtMs: row.updatedAtMs,
  };
}

/** Most days first, then the longest streak, then who got there first, then the bytes of the id. */
export function rank(board: BoardName, one: RankedEntry, other: RankedEntry): number {
  const figure = (entry: RankedEntry): number => (board === 'qualified' ? entry.qualifiedDays : entry.latest);
  return (
    figure(other) - figure(one) ||
    other.longest - one.longest ||
    one.updatedAtMs - other.updatedAtMs ||
    Buffer.compare(Buffer.from(one.userId), Buffer.from(other.userId))
  );
}

const entryText = ({ version, qualifiedDays, longest, latest, expiresAtMs }: BoardEntry): string =>
  `v${version} ${qualifiedDays}/${longest}/${latest} until ${expiresAtMs}`;

function orderFaults(where: string, entries: StoredBoard['entries'], wanted: readonly RankedEntry[]): Fault[] {
  const place = wanted.findIndex(({ userId }, index) => entries[index]?.userId !== userId);
  if (place < 0) return [];
  const detail = `place ${place + 1} is ${entries[place]?.userId}'s and not ${wanted[place]?.userId}'s`;
  return [{ kind: 'wrong', where, detail }];
}
