import type { LocalDay } from '../calendar/local-day';
import { splitAtLocalMidnights } from '../calendar/split-session';
import { findZone, type Zone } from '../calendar/zone';
import { type DayEvent, latestEvent, type Session } from '../events/session';
import { lastDayOf, lastRun, runsFromDays } from './runs';
import { emptyStreakState, type StreakState } from './streak-state';

/** One local day of one user: milliseconds over all sessions that touch it, and the one of them that ended last. */
export interface DailyTotal {
  readonly milliseconds: number;
  /** Its end is that of the whole session, also where the session ends on a later day. */
  readonly latest: DayEvent;
}

export type DailyTotals = ReadonlyMap<LocalDay, DailyTotal>;

/**
 * The totals of one user's sessions. Of two with the same sessionId the first counts; but for that the result does not
 * depend on their order. Overlaps add. Throws RangeError for a time zone that is none: validate first.
 */
export function totalDays(sessions: Iterable<Session>): DailyTotals {
  const totals = new Map<LocalDay, DailyTotal>();
  const seen = new Set<string>();
  for (const session of sessions) {
    if (!seen.has(session.sessionId)) {
      seen.add(session.sessionId);
      addSession(totals, session);
    }
  }
  return totals;
}

/** The days whose total reaches the target (exactly the target qualifies), in no order. */
export function qualifiedDays(totals: DailyTotals, targetMs: number): readonly LocalDay[] {
  return [...totals].filter(([, { milliseconds }]) => milliseconds >= targetMs).map(([day]) => day);
}

/** The zone of the event that ended last on the last qualified day, by which "today" is judged; null without one. */
export function zoneOfLastDay(totals: DailyTotals, { runs }: Pick<StreakState, 'runs'>): string | null {
  const latest = lastRun(runs);
  return latest === undefined ? null : (totals.get(lastDayOf(latest))?.latest.timezone ?? null);
}

/**
 * What one user's sessions amount to, worked out from nothing: the meaning that the incremental fold in the processor must
 * reach whatever order and batches the sessions came in. `version` is that of a state never stored, 0.
 */
export function foldSessions(
  sessions: Iterable<Session>,
  targetMs: number,
): { readonly dailyTotals: DailyTotals; readonly state: StreakState } {
  const dailyTotals = totalDays(sessions);
  const runs = runsFromDays(qualifiedDays(dailyTotals, targetMs));
  return { dailyTotals, state: { ...emptyStreakState, runs, timezone: zoneOfLastDay(dailyTotals, { runs }) } };
}

function addSession(totals: Map<LocalDay, DailyTotal>, { sessionId, startMs, endMs, timezone }: Session): void {
  const event: DayEvent = { endMs, id: sessionId, timezone };
  splitAtLocalMidnights(startMs, endMs, requireZone(timezone), (day, milliseconds) => {
    const total = totals.get(day);
    totals.set(day, {
      milliseconds: (total?.milliseconds ?? 0) + milliseconds,
      latest: latestEvent(event, total?.latest),
    });
  });
}

function requireZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) {
    throw new RangeError('a session reached the fold with a time zone that is none');
  }
  return zone;
}
