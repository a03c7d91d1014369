import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';

/**
 * The zone of "today": that asked for, else that of the state (which the user set, or of the event that ended last on the
 * last qualified day), else the first of further names that is one. UTC only where nothing is stored, so that no date can
 * be wrong (or where the stored name is unknown to this process's older tz database).
 */
export function zoneOf(
  state: Pick<StreakState, 'timezone'>,
  asked: Zone | undefined,
  ...further: readonly (string | null | undefined)[]
): Zone {
  if (asked !== undefined) {
    return asked;
  }
  for (const name of [state.timezone, ...further]) {
    const zone = name == null ? undefined : findZone(name);
    if (zone !== undefined) {
      return zone;
    }
  }
  return utc;
}

const utc = findUtc();

function findUtc(): Zone {
  const zone = findZone('UTC');
  if (zone === undefined) {
    throw new Error('the tz database of this process has no UTC');
  }
  return zone;
}
