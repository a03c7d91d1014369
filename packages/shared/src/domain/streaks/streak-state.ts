import type { LocalDay } from '../calendar/local-day';
import { type Bridging, chainsOf } from './bridging';
import { lastDayOf, lastRun, longestRunLength, NO_RUNS, qualifiedDaysCount, type Runs } from './runs';

/** What is stored per user and rule. It says nothing about "now", so no job has to visit it at midnight. */
export interface StreakState {
  /** The qualified days. */
  readonly runs: Runs;
  /** The zone that the user set, else that of the event that ended last on the last qualified day; null without either. */
  readonly timezone: string | null;
  /** Grows by 1 with each stored change; 0 where nothing was ever stored. */
  readonly version: number;
  /** Record time of the event that changed the state last, in epoch milliseconds; 0 where nothing was ever stored. */
  readonly updatedAtMs: number;
  /** Absent where the user has neither a freeze rule nor a pause, as most have. */
  readonly bridging?: Bridging;
  /** The user does not want to be on boards. */
  readonly isUnlisted?: true;
}

export const emptyStreakState: StreakState = Object.freeze({
  runs: NO_RUNS,
  timezone: null,
  version: 0,
  updatedAtMs: 0,
});

/** The figures that can be stored beside the runs, because they do not depend on when they are read. */
export interface StreakSummary {
  /** Length of the latest run, with bridging of the latest chain, whether or not it is still alive. */
  readonly currentRunLength: number;
  /** Of all runs, with bridging of all chains. */
  readonly longest: number;
  readonly lastQualifiedDate: LocalDay | null;
  readonly qualifiedDaysCount: number;
}

export function summarise({ runs, bridging }: Pick<StreakState, 'runs' | 'bridging'>): StreakSummary {
  const latest = lastRun(runs);
  const lastQualifiedDate = latest === undefined ? null : lastDayOf(latest);
  if (bridging === undefined) {
    return {
      currentRunLength: latest?.length ?? 0,
      longest: longestRunLength(runs),
      lastQualifiedDate,
      qualifiedDaysCount: qualifiedDaysCount(runs),
    };
  }
  const chains = chainsOf(runs, bridging);
  return {
    currentRunLength: chains.at(-1)?.length ?? 0,
    longest: longestRunLength(chains),
    lastQualifiedDate,
    qualifiedDaysCount: qualifiedDaysCount(runs),
  };
}
