import { DateTime, IANAZone } from 'luxon';
import type { Session } from '../events/session';

/**
 * The domain's rules once more, the slow and obvious way, for tests to compare with. It shares no code with the rest: it
 * walks the time cell by cell, asks luxon for the local date of each, and works on ISO texts and plain sets.
 */
export interface BruteForceWorld {
  /** ISO date → milliseconds, of one user's sessions, each of which counts as often as it is given. */
  totalDays(sessions: readonly Session[]): Map<string, number>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
// Clocks have gone back by at most seven hours since 1970 (Vostok 1994).
const LOOK_BACK_MS = 8 * 60 * MINUTE_MS;

/** Clocks change on whole minutes, save for Monrovia, whose offset ended in half a minute until 1972. */
function cellMsOf(timezone: string): number {
  return timezone === 'Africa/Monrovia' ? MINUTE_MS / 2 : MINUTE_MS;
}

/** Local dates of all cells of a stretch of time, by zone, so that many sessions can be walked over them. */
export function createBruteForceWorld(timezone: string, fromMs: number, toMs: number): BruteForceWorld {
  const cellMs = cellMsOf(timezone);
  const firstMs = fromMs - LOOK_BACK_MS;
  const dates: string[] = [];
  const zone = IANAZone.create(timezone);
  let reached = '';
  for (let atMs = firstMs; atMs < toMs; atMs += cellMs) {
    const date = DateTime.fromMillis(atMs, { zone }).toISODate() ?? '';
    // ISO dates sort as text: a date once reached is not left again.
    if (date > reached) {
      reached = date;
    }
    dates.push(reached);
  }

  return {
    totalDays(sessions) {
      const totals = new Map<string, number>();
      for (const { startMs, endMs } of sessions) {
        for (let cell = Math.floor((startMs - firstMs) / cellMs); firstMs + cell * cellMs < endMs; cell += 1) {
          const cellStartMs = firstMs + cell * cellMs;
          const overlapMs = Math.min(endMs, cellStartMs + cellMs) - Math.max(startMs, cellStartMs);
          const date = dates[cell] ?? 'outside of the world';
          totals.set(date, (totals.get(date) ?? 0) + overlapMs);
        }
      }
      return totals;
    },
  };
}

/** Lengths of all runs and the last date of a set of ISO dates, found by stepping from date to date. */
export function bruteForceStreaks(dates: ReadonlySet<string>): {
  longest: number;
  latest: number;
  last: string | null;
} {
  let longest = 0;
  let latest = 0;
  let last: string | null = null;
  for (const date of [...dates].sort()) {
    let length = 0;
    for (let at = date; dates.has(at); at = previousDate(at)) {
      length += 1;
    }
    longest = Math.max(longest, length);
    latest = length;
    last = date;
  }
  return { longest, latest, last };
}

function previousDate(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
}
