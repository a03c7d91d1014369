import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/local-day';
import type { Run, Runs } from '@streaks/shared/domain/runs';

const RANGES = /[[(][^\])]*[\])]/g;
/** Postgres writes a date range in canonical form: first day included, day after the last excluded. */
const CANONICAL_RANGE = /^\[(\d{4}-\d{2}-\d{2}),(\d{4}-\d{2}-\d{2})\)$/;

/**
 * The runs of a `datemultirange` as Postgres writes it under DateStyle ISO: `{[2025-01-01,2025-01-04),[…)}`, ascending
 * and never touching. Throws for anything else: a guess would be a wrong streak.
 */
export function parseRuns(text: string): Runs {
  const runs: Run[] = [];
  for (const [range] of text.matchAll(RANGES)) {
    const [, firstText = '', endText = ''] = CANONICAL_RANGE.exec(range) ?? [];
    const first = parseIsoDate(firstText);
    const end = parseIsoDate(endText);
    if (first === undefined || end === undefined) {
      throw new Error(`no range of days: ${range}`);
    }
    runs.push({ first: first as LocalDay, length: end - first });
  }
  return runs;
}
