import { type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { checkInDay } from '@streaks/shared/domain/events/check-in';
import { type DayEvent, latestEvent } from '@streaks/shared/domain/events/session';
import type { RuleId } from '@streaks/shared/domain/rules';
import { totalDays } from '@streaks/shared/domain/streaks/day-totals';
import type { FaultList } from '../fault-list';
import type { StoredCheckIn, StoredDay, StoredSession, StoredUser } from './stored-user';

type Days = ReadonlyMap<LocalDay, StoredDay>;

interface Counting {
  readonly table: string;
  readonly unit: string;
  readonly count: (user: StoredUser) => Days;
}

const COUNTINGS: Readonly<Record<RuleId, Counting>> = {
  focus: { table: 'focus_sessions', unit: 'ms', count: ({ sessions }) => countSessions(sessions) },
  activity: { table: 'check_ins', unit: 'check-ins', count: ({ checkIns }) => countCheckIns(checkIns) },
};

/** Counts a user's days under a rule again from what they were counted from; adds what differs to the faults. */
export function recountDays(user: StoredUser, ruleId: RuleId, faults: FaultList): void {
  const { table, unit, count } = COUNTINGS[ruleId];
  const { userId } = user;
  const { days } = user.rules[ruleId];
  const differs = (day: LocalDay, text: string) =>
    faults.add(`daily_totals differs from ${table}`, `${userId} ${toIsoDate(day)}: ${text}`);
  let counted: Days;
  try {
    counted = count(user);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.add(`${table} cannot be counted`, `${userId}: ${error.message}`);
    return;
  }
  for (const [day, total] of counted) {
    const stored = days.get(day);
    const wanted = describeDay(total, unit);
    const found = stored === undefined ? 'missing' : describeDay(stored, unit);
    if (found !== wanted) differs(day, `${found}, counted ${wanted}`);
  }
  for (const [day, { total }] of days) {
    if (!counted.has(day)) differs(day, `${total} ${unit}, counted nothing`);
  }
}

function countSessions(sessions: readonly StoredSession[]): Days {
  const days = [...totalDays(sessions)];
  return new Map(days.map(([day, { milliseconds, latest }]) => [day, { total: milliseconds, latest }]));
}

function countCheckIns(checkIns: readonly StoredCheckIn[]): Days {
  const days = new Map<LocalDay, StoredDay>();
  for (const checkIn of checkIns) {
    const day = checkInDay(checkIn);
    const event: DayEvent = { endMs: checkIn.atMs, id: checkIn.checkInId, timezone: checkIn.timezone };
    const before = days.get(day);
    days.set(day, { total: (before?.total ?? 0) + 1, latest: latestEvent(event, before?.latest) });
  }
  return days;
}

const describeDay = ({ total, latest }: StoredDay, unit: string): string =>
  `${total} ${unit}, latest ${latest.id} ending ${latest.endMs} in ${latest.timezone}`;
