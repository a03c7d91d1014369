import type { LocalDay } from '../calendar/local-day';
import { findZone } from '../calendar/zone';
import {
  type EventLimits,
  type Fault,
  futureFaults,
  idFaults,
  instantFaults,
  isInstant,
  NO_FAULTS,
  timezoneFaults,
} from './faults';
import { isValidId } from './id';

/** A user was there at an instant, somewhere. It counts 1 on the local day of that instant in its own zone. */
export interface CheckIn {
  readonly userId: string;
  /** Unique per user: identity is (userId, checkInId), the first of two with other content is kept. */
  readonly checkInId: string;
  readonly atMs: number;
  /** A name of the IANA database, as it was given. */
  readonly timezone: string;
}

/** What may be a check-in: every field may be missing or of another type (an instant that did not parse: undefined). */
export type CheckInCandidate = { readonly [Field in keyof CheckIn]?: unknown };

/** Every fault of what claims to be a check-in, in the order of its fields; none if it is one. Never throws. */
export function checkInFaults(candidate: CheckInCandidate, limits: EventLimits): readonly Fault[] {
  const { userId, checkInId, atMs, timezone } = candidate;
  const isCheckIn =
    typeof userId === 'string' &&
    isValidId(userId) &&
    typeof checkInId === 'string' &&
    isValidId(checkInId) &&
    isInstant(atMs) &&
    atMs >= 0 &&
    atMs <= limits.recordTimeMs + limits.maxFutureMs &&
    typeof timezone === 'string' &&
    findZone(timezone) !== undefined;
  // The usual case allocates nothing; the faults are worked out only where there are some.
  return isCheckIn ? NO_FAULTS : listFaults(candidate, limits);
}

/** Whether two check-ins of one identity are a repeat (same instant, same zone name) rather than a conflict. */
export function sameCheckIn(one: CheckIn, other: CheckIn): boolean {
  return one.atMs === other.atMs && one.timezone === other.timezone;
}

/** The day that a check-in counts on. Throws RangeError for a time zone that is none: validate first. */
export function checkInDay({ atMs, timezone }: Pick<CheckIn, 'atMs' | 'timezone'>): LocalDay {
  const zone = findZone(timezone);
  if (zone === undefined) {
    throw new RangeError('a check-in was counted with a time zone that is none');
  }
  return zone.dayOf(atMs);
}

function listFaults({ userId, checkInId, atMs, timezone }: CheckInCandidate, limits: EventLimits): readonly Fault[] {
  return [
    ...idFaults('userId', userId),
    ...idFaults('checkInId', checkInId),
    ...instantFaults('at', atMs),
    ...futureFaults('at', atMs, limits),
    ...timezoneFaults(timezone),
  ];
}
