import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { parseRuns } from '@streaks/shared/postgres/multirange';
import { toMs } from './event-table';

/** A streak's row: locked by this transaction, or as a committed one left it. */
export interface LockedStreak {
  readonly state: StreakState;
  /** Where the row is (its `ctid`), until it is written again. */
  readonly row: string;
}

export const STREAK_ROW_COLUMNS = 'ctid, version, updated_at, runs, timezone, is_unlisted, bridging';

/**
 * A row `s` as text: place, version, update, runs and time zone; behind them, for users with settings of that kind alone,
 * whether they are unlisted and what bridges their days. Empty where there is no row. Only the last part may hold spaces.
 */
export const STREAK_ROW = `concat_ws(' ', s.ctid, s.version, ${toMs('s.updated_at')}, s.runs,
    coalesce(s.timezone, CASE WHEN s.version IS NOT NULL THEN '-' END),
    CASE WHEN s.is_unlisted OR s.bridging IS NOT NULL THEN s.is_unlisted END, s.bridging)`;

/** No name of a time zone. */
const NO_ZONE = '-';

export function parseStreakRow(text: string): LockedStreak {
  const [row = '', version = '', updatedAtMs = '', runs = '', timezone = NO_ZONE, isUnlisted, ...bridging] =
    text.split(' ');
  const state: StreakState = {
    runs: parseRuns(runs),
    timezone: timezone === NO_ZONE ? null : timezone,
    version: Number(version),
    updatedAtMs: Number(updatedAtMs),
  };
  if (isUnlisted === undefined) return { row, state };
  return {
    row,
    state: {
      ...state,
      ...(bridging.length === 0 ? {} : { bridging: JSON.parse(bridging.join(' ')) as Bridging }),
      ...(isUnlisted === 't' ? { isUnlisted: true } : {}),
    },
  };
}
