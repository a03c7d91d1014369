import { foldSessions } from '@streaks/shared/domain/day-totals';
import { type LocalDay, toIsoDate } from '@streaks/shared/domain/local-day';
import { lastDayOf, lastRun, runsFromDays } from '@streaks/shared/domain/runs';
import { summarise } from '@streaks/shared/domain/streak-state';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { FaultList } from './fault-list';
import type { StoredStreak, StoredUser } from './stored-user';

/** Counts a user's days again from the sessions, and the streak from the stored days; adds what differs to the faults. */
export function recountUser(user: StoredUser, targetMs: number, faults: FaultList): void {
  recountDays(user, targetMs, faults);
  const wanted = describeStreak(streakOfDays(user, targetMs));
  const found = user.streak === undefined ? describeStreak(NO_STREAK) : describeStreak(user.streak);
  if (wanted !== found) {
    faults.add('user_streaks differs from daily_totals', `${user.userId}: ${found}, counted ${wanted}`);
  }
}

type Streak = Omit<StoredStreak, 'version'>;

const NO_STREAK: Streak = { runs: [], timezone: null, ...summarise({ runs: [] }) };

function recountDays({ userId, sessions, days }: StoredUser, targetMs: number, faults: FaultList): void {
  let counted: ReturnType<typeof foldSessions>['dailyTotals'];
  try {
    counted = foldSessions(sessions, targetMs).dailyTotals;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.add('focus_sessions cannot be counted', `${userId}: ${error.message}`);
    return;
  }
  for (const [day, { milliseconds, latest }] of counted) {
    const stored = days.get(day);
    const wanted = describeDay(milliseconds, latest);
    const found = stored === undefined ? 'missing' : describeDay(stored.totalMs, stored.latest);
    if (found !== wanted) {
      faults.add(
        'daily_totals differs from focus_sessions',
        `${userId} ${toIsoDate(day)}: ${found}, counted ${wanted}`,
      );
    }
  }
  for (const [day, { totalMs }] of days) {
    if (counted.has(day)) continue;
    faults.add(
      'daily_totals differs from focus_sessions',
      `${userId} ${toIsoDate(day)}: ${totalMs} ms, counted nothing`,
    );
  }
}

function streakOfDays({ days }: StoredUser, targetMs: number): Streak {
  const qualified: LocalDay[] = [];
  for (const [day, { totalMs }] of days) if (totalMs >= targetMs) qualified.push(day);
  const runs = runsFromDays(qualified);
  const last = lastRun(runs);
  const timezone = last === undefined ? null : (days.get(lastDayOf(last))?.latest.timezone ?? null);
  return { runs, timezone, ...summarise({ runs }) };
}

const describeDay = (totalMs: number, latest: { endMs: number; id: string; timezone: string }): string =>
  `${totalMs} ms, latest ${latest.id} ending ${latest.endMs} in ${latest.timezone}`;

function describeStreak({ runs, timezone, ...summary }: Streak): string {
  const { currentRunLength, longest, lastQualifiedDate, qualifiedDaysCount } = summary;
  const last = lastQualifiedDate === null ? 'none' : toIsoDate(lastQualifiedDate);
  return `${formatRuns(runs)} in ${timezone}, run ${currentRunLength}, longest ${longest}, last ${last}, ${qualifiedDaysCount} days`;
}
