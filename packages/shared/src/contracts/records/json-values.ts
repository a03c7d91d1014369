import { parseInstant } from '../../domain/calendar/instant';
import { type LocalDay, parseIsoDate } from '../../domain/calendar/local-day';

/** Epoch milliseconds of a text with an offset; undefined for everything else. */
export function instantOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}

/** The day of a `YYYY-MM-DD`; undefined for everything else. */
export function dateOf(value: unknown): LocalDay | undefined {
  return typeof value === 'string' ? parseIsoDate(value) : undefined;
}
