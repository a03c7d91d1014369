import type { ChangeFigures, StoredState, StoredStreak } from './collected-run';

export type StreakFigures = Omit<
  StoredStreak,
  'rule' | 'userId' | 'version' | 'isUnlisted' | 'updatedAtMs' | 'expiresAtMs'
>;

export const stateKey = ({ rule, userId }: { readonly rule: string; readonly userId: string }): string =>
  `${rule}:${userId}`;

export const runsText = (runs: StoredState['runs']): string =>
  runs.map(({ first, length }) => `${first}+${length}`).join();

/** All of a state but its version, which depends on the order of arrival. */
export const streakText = (row: StreakFigures): string =>
  [
    row.timezone,
    row.currentRunLength,
    row.longestRunLength,
    row.lastQualifiedDate,
    row.qualifiedDaysCount,
    row.bridging,
    runsText(row.runs),
  ].join(' ');

/** What `user-streaks` says of a state beside its version. */
export const stateText = (row: StreakFigures & { readonly updatedAtMs: number | null }): string =>
  `${streakText(row)} as of ${row.updatedAtMs}`;

export const changeText = (row: ChangeFigures): string =>
  [row.changeType, row.qualifiedDate, beforeText(row), afterText(row)].join(' ');

export const beforeText = (row: ChangeFigures): string =>
  [row.currentBefore, row.longestBefore, row.qualifiedDaysBefore, row.lastQualifiedBefore].join('/');

export const afterText = (row: ChangeFigures): string =>
  [row.currentAfter, row.longestAfter, row.qualifiedDaysAfter, row.lastQualifiedAfter].join('/');

/** Figures of who has no qualified day. */
export const NOTHING_TEXT = '0/0/0/';
