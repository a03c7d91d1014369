import { formatInstant } from '@streaks/shared/domain/calendar/instant';
import { addDays, type LocalDay, toIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';

/** A session as `POST /sessions` takes it. */
export type DemoSession = {
  readonly sessionId: string;
  readonly userId: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly timezone: string;
};

export type DemoUser = {
  readonly userId: string;
  readonly timezone: string;
  /** Minutes of focus on a local date: the entry at the date's number modulo the length; 0 is a day without a session. */
  readonly minutesByDate: readonly number[];
};

export const demoDays = 14;

/** With the default target of 30 minutes: a fortnight without a gap, one day off in six, a short day and a day off in nine. */
export const demoUsers: readonly DemoUser[] = [
  { userId: 'demo-new-york', timezone: 'America/New_York', minutesByDate: [45, 50, 35, 40, 60, 30, 90] },
  { userId: 'demo-london', timezone: 'Europe/London', minutesByDate: [50, 40, 0, 30, 45, 60] },
  { userId: 'demo-tokyo', timezone: 'Asia/Tokyo', minutesByDate: [35, 45, 40, 25, 50, 60, 0, 30, 55] },
];

const minuteMs = 60_000;
const morningMs = 9 * 60 * minuteMs;
const eveningMs = 19 * 60 * minuteMs;

/**
 * The sessions of a demo user on the fourteen local days up to yesterday, a morning and an evening one each, oldest first. A session depends on its local
 * date alone and its id says which one it is: running the demo again changes nothing, and on a later day only adds the
 * days since.
 */
export function demoSessions({ userId, timezone, minutesByDate }: DemoUser, nowMs: number): readonly DemoSession[] {
  const zone = findZone(timezone);
  if (zone === undefined) throw new RangeError(`${timezone} is no time zone of this system`);
  const today = zone.dayOf(nowMs);
  return Array.from({ length: demoDays }, (_, index) => addDays(today, index - demoDays)).flatMap((day) => {
    const minutes = minutesByDate[day % minutesByDate.length] ?? 0;
    return minutes === 0 ? [] : sessionsOfDay(userId, zone, day, minutes);
  });
}

function sessionsOfDay(userId: string, zone: Zone, day: LocalDay, minutes: number): readonly DemoSession[] {
  const morningMinutes = Math.floor(minutes / 2);
  const session = (part: string, startMs: number, lengthMinutes: number): DemoSession => ({
    sessionId: `demo-${toIsoDate(day)}-${part}`,
    userId,
    startTime: formatInstant(startMs),
    endTime: formatInstant(startMs + lengthMinutes * minuteMs),
    timezone: zone.name,
  });
  const startOfDayMs = zone.startOfDay(day);
  return [
    session('morning', startOfDayMs + morningMs, morningMinutes),
    session('evening', startOfDayMs + eveningMs, minutes - morningMinutes),
  ];
}
