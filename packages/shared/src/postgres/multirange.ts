import { addDays, type LocalDay, parseIsoDatePrefix, toIsoDate } from '../domain/calendar/local-day';
import { NO_RUNS, type Run, type Runs } from '../domain/streaks/runs';

const DATE_LENGTH = 10;
/** `[2025-01-15,2025-01-17)`; Postgres writes ranges of dates with an exclusive end. */
const RANGE_LENGTH = 2 * DATE_LENGTH + 3;

/** Runs as a `datemultirange` is written: `{[2025-01-15,2025-01-17)}`, the end exclusive. */
export function formatRuns(runs: Runs): string {
  let text = '{';
  for (const { first, length } of runs) {
    if (text.length > 1) text += ',';
    text += `[${toIsoDate(first)},${toIsoDate(addDays(first, length))})`;
  }
  return `${text}}`;
}

/** @throws RangeError for what is no multirange of finite dates of the years 0001–9999 in DateStyle ISO */
export function parseRuns(text: string): Runs {
  if (text === '{}') return NO_RUNS;
  const runs: Run[] = [];
  for (let at = 1; at < text.length; at += RANGE_LENGTH + 1) {
    const first = parseIsoDatePrefix(text.slice(at + 1, at + 1 + DATE_LENGTH));
    const end = parseIsoDatePrefix(text.slice(at + 2 + DATE_LENGTH, at + 2 + 2 * DATE_LENGTH));
    if (first === undefined || end === undefined) throw new RangeError('a stored set of days cannot be read');
    runs.push({ first: first as LocalDay, length: end - first });
  }
  return runs;
}
