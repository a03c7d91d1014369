import type { HistoryRow, StoredStreak, StreakRow } from '../../state/read-state';

export type StreakFigures = Omit<StreakRow, 'userId' | 'version'>;
export type ChangeFigures = Omit<HistoryRow, 'userId' | 'version'>;

export const runsText = (runs: StoredStreak['runs']): string =>
  runs.map(({ first, length }) => `${first}+${length}`).join();

/** All of a state but its version, which depends on the order of arrival. */
export const streakText = (row: StreakFigures): string =>
  [
    row.timezone,
    row.currentRunLength,
    row.longestRunLength,
    row.lastQualifiedDate,
    row.qualifiedDaysCount,
    runsText(row.runs),
  ].join(' ');

export const changeText = (row: ChangeFigures): string =>
  [
    row.qualifiedDate,
    row.currentBefore,
    row.currentAfter,
    row.longestBefore,
    row.longestAfter,
    row.qualifiedDaysBefore,
    row.qualifiedDaysAfter,
    row.lastQualifiedBefore,
    row.lastQualifiedAfter,
  ].join(' ');
