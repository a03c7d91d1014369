import type { LocalDay } from './local-day';
import type { Zone } from './zone';

/** What a session adds to one local day: more than 0 milliseconds. */
export interface DayShare {
  readonly day: LocalDay;
  readonly milliseconds: number;
}

/**
 * Splits the half-open interval [start, end) at each local midnight and hands out, in ascending order, each day that it
 * touches with the elapsed milliseconds on it (never wall clock time, which jumps). The shares add up to the interval; a
 * day that never existed in the zone gets none, and so does everything where end ≤ start. Allocates nothing.
 */
export function splitAtLocalMidnights(
  startMs: number,
  endMs: number,
  zone: Zone,
  emit: (day: LocalDay, milliseconds: number) => void,
): void {
  if (!(startMs < endMs)) {
    return;
  }
  let day = zone.dayOf(startMs);
  let fromMs = startMs;
  while (true) {
    const nextDay = (day + 1) as LocalDay;
    const nextStartMs = zone.startOfDay(nextDay);
    if (!(nextStartMs < endMs)) {
      emit(day, endMs - fromMs);
      return;
    }
    if (nextStartMs > fromMs) {
      emit(day, nextStartMs - fromMs);
      fromMs = nextStartMs;
    }
    day = nextDay;
  }
}

/** The same as an array, where allocation does not matter. */
export function splitSession(startMs: number, endMs: number, zone: Zone): readonly DayShare[] {
  const shares: DayShare[] = [];
  splitAtLocalMidnights(startMs, endMs, zone, (day, milliseconds) => shares.push({ day, milliseconds }));
  return shares;
}
