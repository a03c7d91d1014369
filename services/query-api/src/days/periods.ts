import { addDays, type LocalDay, parseIsoDate, toIsoDate } from '@streaks/shared/domain/calendar/local-day';

/** ISO 8601 weeks (Monday to Sunday), or months. */
export type PeriodKind = 'week' | 'month';

/** A week or a month by its days, both included. */
export interface Period {
  /** `2025-W03` or `2025-01`. */
  readonly name: string;
  readonly first: LocalDay;
  readonly last: LocalDay;
}

/** Most days of a period of the kind. */
export const MOST_DAYS: Readonly<Record<PeriodKind, number>> = { week: 7, month: 31 };

const DAYS_PER_WEEK = 7;
/** 1970-01-01, day 0, was a Thursday: the fourth day of its week. */
const EPOCH_WEEKDAY = 3;
const THURSDAY = 3;

/** The period that a day lies in. */
export function periodOf(kind: PeriodKind, day: LocalDay): Period {
  return kind === 'week' ? weekOf(day) : monthOf(day);
}

/** The year of a day. */
export function yearOf(day: LocalDay): number {
  return Number(toIsoDate(day).slice(0, 4));
}

/** The first and the last day of a year of the years 1 to 9999. */
export function daysOfYear(year: number): { readonly first: LocalDay; readonly last: LocalDay } {
  const name = String(year).padStart(4, '0');
  return { first: dateOf(`${name}-01-01`), last: dateOf(`${name}-12-31`) };
}

/** A week belongs to the year that its Thursday lies in; the first of a year is the one with its first Thursday. */
function weekOf(day: LocalDay): Period {
  const weekday = (((day + EPOCH_WEEKDAY) % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
  const first = addDays(day, -weekday);
  const thursday = addDays(first, THURSDAY);
  const year = yearOf(thursday);
  const week = Math.floor((thursday - daysOfYear(year).first) / DAYS_PER_WEEK) + 1;
  const name = `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`;
  return { name, first, last: addDays(first, DAYS_PER_WEEK - 1) };
}

function monthOf(day: LocalDay): Period {
  const name = toIsoDate(day).slice(0, 7);
  const first = dateOf(`${name}-01`);
  // A day of the month after, whatever the length of this one: 31 days on there is one, and its date says how far in.
  const inNext = addDays(first, 31);
  const dayOfMonth = Number(toIsoDate(inNext).slice(8));
  return { name, first, last: addDays(inNext, -dayOfMonth) };
}

function dateOf(isoDate: string): LocalDay {
  const day = parseIsoDate(isoDate);
  if (day === undefined) {
    throw new RangeError(`no date: ${isoDate}`);
  }
  return day;
}
