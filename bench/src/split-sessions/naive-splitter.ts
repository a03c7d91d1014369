import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { Zone } from '@streaks/shared/domain/calendar/zone';
import { DateTime } from 'luxon';

/**
 * The splitter one would write first: a luxon DateTime for the start, then `startOf('day')` of each next day. It has the
 * usual days right, which is what the benchmark compares on; not those that a clock change at midnight bends.
 */
export function splitNaively(
  startMs: number,
  endMs: number,
  zone: Zone,
  emit: (day: LocalDay, milliseconds: number) => void,
): void {
  let from = DateTime.fromMillis(startMs, { zone: zone.name });
  while (from.toMillis() < endMs) {
    const next = from.startOf('day').plus({ days: 1 }).startOf('day');
    const untilMs = Math.min(next.toMillis(), endMs);
    const day = Date.UTC(from.year, from.month - 1, from.day) / 86_400_000;
    emit(day as LocalDay, untilMs - from.toMillis());
    from = next;
  }
}
