import type { BoardEntry, BoardName, CollectedRun } from '../collected-run';
import { entryOf } from '../stored/board-faults';
import { choose, type Plant } from './plant';

const withEntry = (run: CollectedRun, name: BoardName, entry: BoardEntry): CollectedRun => ({
  ...run,
  boards: run.boards.map((board) =>
    board.rule === 'focus' && board.board === name ? { ...board, entries: [...board.entries, entry] } : board,
  ),
});

/** Faults of leaderboards. */
export const boardPlants: readonly Plant[] = [
  {
    name: 'a board entry too many',
    kind: 'wrong',
    where: 'board focus:qualified',
    plant: (run) => {
      const hidden = choose(
        run.streaks,
        'user who is unlisted',
        ({ rule, isUnlisted, qualifiedDaysCount }) => rule === 'focus' && isUnlisted && qualifiedDaysCount > 0,
      );
      return withEntry(run, 'qualified', entryOf(hidden));
    },
  },
  {
    name: 'a streak that broke on the board of current ones',
    kind: 'wrong',
    where: 'board focus:current',
    plant: (run) => {
      const qualified = run.boards.find(({ rule, board }) => rule === 'focus' && board === 'qualified');
      const broken = choose(
        qualified?.entries ?? [],
        'streak that broke',
        ({ expiresAtMs }) => expiresAtMs < run.boardsReadAtMs - 86_400_000,
      );
      return withEntry(run, 'current', broken);
    },
  },
  {
    name: 'a board in another order',
    kind: 'wrong',
    where: 'board focus:qualified',
    plant: (run) => ({
      ...run,
      boards: run.boards.map((board) => ({ ...board, entries: [...board.entries].reverse() })),
    }),
  },
];
