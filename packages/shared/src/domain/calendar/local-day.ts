/**
 * A calendar date without a time zone, as the number of days since 1970-01-01 (an integer, negative before it). The
 * calendar is the proleptic Gregorian one, so neighbours differ by exactly 1 whatever the zone does to its clocks.
 */
export type LocalDay = number & { readonly __brand: 'LocalDay' };

export const MILLISECONDS_PER_DAY = 86_400_000;
/** 0001-01-01 and 9999-12-31: the dates that can be written as YYYY-MM-DD. */
export const FIRST_LOCAL_DAY = -719_162 as LocalDay;
export const LAST_LOCAL_DAY = 2_932_896 as LocalDay;

const DAYS_PER_ERA = 146_097;
const DAYS_FROM_ERA_TO_1970 = 719_468;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The day so many days after another (before it, if negative). */
export function addDays(day: LocalDay, count: number): LocalDay {
  return (day + count) as LocalDay;
}

/** YYYY-MM-DD. Throws RangeError for a day outside the years 0001–9999 and for what is not an integer. */
export function toIsoDate(day: LocalDay): string {
  if (!Number.isInteger(day) || day < FIRST_LOCAL_DAY || day > LAST_LOCAL_DAY) {
    throw new RangeError(`no date of the years 0001-9999 is day ${day}`);
  }
  // Years that begin in March put the leap day last, so the month follows from the day of the year by one formula.
  const shifted = day + DAYS_FROM_ERA_TO_1970;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.trunc(
    (dayOfEra -
      Math.trunc(dayOfEra / 1460) +
      Math.trunc(dayOfEra / 36_524) -
      Math.trunc(dayOfEra / (DAYS_PER_ERA - 1))) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.trunc(yearOfEra / 4) - Math.trunc(yearOfEra / 100));
  const monthFromMarch = Math.trunc((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.trunc((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${month < 10 ? '0' : ''}${month}-${dayOfMonth < 10 ? '0' : ''}${dayOfMonth}`;
}

/** The day written as YYYY-MM-DD, or undefined where the text is not exactly that or names no date (2025-02-30). */
export function parseIsoDate(text: string): LocalDay | undefined {
  return text.length === 10 ? parseIsoDatePrefix(text) : undefined;
}

/** The day in the first ten characters; what follows them is the caller's business. */
export function parseIsoDatePrefix(text: string): LocalDay | undefined {
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) {
    return undefined;
  }
  const year = readTwoDigits(text, 0) * 100 + readTwoDigits(text, 2);
  const month = readTwoDigits(text, 5);
  const dayOfMonth = readTwoDigits(text, 8);
  // NaN, from a character that is no digit, fails every one of these comparisons.
  const exists = year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= daysInMonth(year, month);
  return exists ? dayOfDate(year, month, dayOfMonth) : undefined;
}

/** The two ASCII digits at a position as a number, NaN where either is none. */
export function readTwoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const units = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : Number.NaN;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) {
    return 29;
  }
  return DAYS_IN_MONTH[month - 1] ?? 0;
}

function dayOfDate(year: number, month: number, dayOfMonth: number): LocalDay {
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(yearFromMarch / 400);
  const yearOfEra = yearFromMarch - era * 400;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.trunc((153 * monthFromMarch + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.trunc(yearOfEra / 4) - Math.trunc(yearOfEra / 100) + dayOfYear;
  return (era * DAYS_PER_ERA + dayOfEra - DAYS_FROM_ERA_TO_1970) as LocalDay;
}
