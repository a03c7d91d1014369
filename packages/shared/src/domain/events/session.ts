import { findZone } from '../calendar/zone';
import { compareUtf8 } from '../utf8-order';
import {
  type EventLimits,
  type Fault,
  fault,
  futureFaults,
  idFaults,
  instantFaults,
  isInstant,
  NO_FAULTS,
  timezoneFaults,
} from './faults';
import { isValidId } from './id';

/** A finished session: the half-open interval [startMs, endMs) in epoch milliseconds, and where it was lived. */
export interface Session {
  readonly userId: string;
  /** Unique per user: identity is (userId, sessionId), the first of two with other content is kept. */
  readonly sessionId: string;
  readonly startMs: number;
  readonly endMs: number;
  /** A name of the IANA database, as it was given. */
  readonly timezone: string;
}

/** What may be a session: every field may be missing or of another type (an instant that did not parse: undefined). */
export type SessionCandidate = { readonly [Field in keyof Session]?: unknown };

export interface SessionLimits extends EventLimits {
  readonly maxDurationMs: number;
}

export const DEFAULT_MAX_DURATION_MS = 7 * 86_400_000;

/** Every fault of what claims to be a session, in the order of its fields; none if it is one. Never throws. */
export function sessionFaults(candidate: SessionCandidate, limits: SessionLimits): readonly Fault[] {
  const { userId, sessionId, startMs, endMs, timezone } = candidate;
  const isSession =
    typeof userId === 'string' &&
    isValidId(userId) &&
    typeof sessionId === 'string' &&
    isValidId(sessionId) &&
    isInstant(startMs) &&
    isInstant(endMs) &&
    startMs >= 0 &&
    endMs > startMs &&
    endMs - startMs <= limits.maxDurationMs &&
    endMs <= limits.recordTimeMs + limits.maxFutureMs &&
    typeof timezone === 'string' &&
    findZone(timezone) !== undefined;
  // The usual case allocates nothing; the faults are worked out only where there are some.
  return isSession ? NO_FAULTS : listFaults(candidate, limits);
}

/** Whether two sessions of one identity are a repeat (same instants, same zone name) rather than a conflict. */
export function sameSession(one: Session, other: Session): boolean {
  return one.startMs === other.startMs && one.endMs === other.endMs && one.timezone === other.timezone;
}

/** What decides a day's zone: of the events on a day the latest one's counts. */
export interface DayEvent {
  readonly endMs: number;
  readonly id: string;
  readonly timezone: string;
}

/**
 * Whether one event is later than another: the greater end, then the greater id by its UTF-8 bytes (as `COLLATE "C"` and
 * `Buffer.compare` order them), so that the answer never depends on arrival or on a locale.
 */
export function isLaterEvent(one: DayEvent, other: DayEvent): boolean {
  return one.endMs === other.endMs ? compareUtf8(one.id, other.id) > 0 : one.endMs > other.endMs;
}

/** The later of two events; the other one where there is only one. */
export function latestEvent<Event extends DayEvent>(one: Event, other: Event | undefined): Event {
  return other === undefined || isLaterEvent(one, other) ? one : other;
}

function listFaults(candidate: SessionCandidate, limits: SessionLimits): readonly Fault[] {
  const { userId, sessionId, startMs, endMs, timezone } = candidate;
  return [
    ...idFaults('userId', userId),
    ...idFaults('sessionId', sessionId),
    ...instantFaults('startTime', startMs),
    ...instantFaults('endTime', endMs),
    ...(isInstant(startMs) && isInstant(endMs) ? durationFaults(startMs, endMs, limits.maxDurationMs) : []),
    ...futureFaults('endTime', endMs, limits),
    ...timezoneFaults(timezone),
  ];
}

function durationFaults(startMs: number, endMs: number, maxDurationMs: number): readonly Fault[] {
  if (endMs <= startMs) {
    return [fault('endTime', 'END_NOT_AFTER_START', 'endTime must be after startTime')];
  }
  return endMs - startMs > maxDurationMs
    ? [fault('endTime', 'TOO_LONG', `a session must last at most ${maxDurationMs / 1000} seconds`)]
    : [];
}
