import { compareUtf8 } from './utf8-order';
import { findZone, isOffsetLike } from './zone';

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

export type FaultCode =
  | 'INVALID_ID'
  | 'NOT_AN_INSTANT'
  | 'BEFORE_1970'
  | 'END_NOT_AFTER_START'
  | 'TOO_LONG'
  | 'IN_THE_FUTURE'
  | 'UNKNOWN_TIMEZONE'
  | 'OFFSET_TIMEZONE';

/** One thing wrong with a session. `field` is the name in the contract (startTime, not startMs). */
export interface Fault {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface SessionLimits {
  /** The Kafka record's timestamp, so that a replay decides alike; the time of the request at the edge. */
  readonly recordTimeMs: number;
  readonly maxDurationMs: number;
  /** How far after the record's time a session may end. */
  readonly maxFutureMs: number;
}

export const DEFAULT_MAX_DURATION_MS = 7 * 86_400_000;
export const DEFAULT_MAX_FUTURE_MS = 5 * 60_000;
export const MAX_ID_LENGTH = 128;

const NO_FAULTS: readonly Fault[] = Object.freeze([]);
// A surrogate (Cs) is seen only where it has no partner: the u flag reads pairs as one character.
const REFUSED_IN_ID = /[\p{Cc}\p{Cs}\p{White_Space}]/u;

/**
 * Whether text may be a user, session or check-in id: 1 to 128 characters, counted as Unicode code points (as Postgres
 * counts them), well-formed, without control characters or Unicode white space.
 */
export function isValidId(text: string): boolean {
  const units = text.length;
  if (units === 0 || units > 2 * MAX_ID_LENGTH) {
    return false;
  }
  for (let index = 0; index < units; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) {
      return isValidBeyondAscii(text);
    }
    if (unit <= 0x20) {
      return false;
    }
  }
  return units <= MAX_ID_LENGTH;
}

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

function isValidBeyondAscii(text: string): boolean {
  return !REFUSED_IN_ID.test(text) && [...text].length <= MAX_ID_LENGTH;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function listFaults(candidate: SessionCandidate, limits: SessionLimits): readonly Fault[] {
  const { userId, sessionId, startMs, endMs, timezone } = candidate;
  return [
    ...idFaults('userId', userId),
    ...idFaults('sessionId', sessionId),
    ...instantFaults('startTime', startMs),
    ...instantFaults('endTime', endMs),
    ...(isInstant(startMs) && isInstant(endMs) ? durationFaults(startMs, endMs, limits.maxDurationMs) : []),
    ...(isInstant(endMs) ? futureFaults(endMs, limits) : []),
    ...timezoneFaults(timezone),
  ];
}

function fault(field: string, code: FaultCode, message: string): Fault {
  return { field, code, message };
}

function idFaults(field: string, value: unknown): readonly Fault[] {
  if (typeof value === 'string' && isValidId(value)) {
    return [];
  }
  const rule = `must be 1 to ${MAX_ID_LENGTH} characters of well-formed Unicode without control characters or whitespace`;
  return [fault(field, 'INVALID_ID', `${field} ${rule}`)];
}

function instantFaults(field: string, value: unknown): readonly Fault[] {
  if (!isInstant(value)) {
    const form = 'an existing date and time with an offset, such as 2025-01-15T10:00:00Z';
    return [fault(field, 'NOT_AN_INSTANT', `${field} must be ${form}`)];
  }
  return value < 0 ? [fault(field, 'BEFORE_1970', `${field} must not be before 1970-01-01T00:00:00Z`)] : [];
}

function durationFaults(startMs: number, endMs: number, maxDurationMs: number): readonly Fault[] {
  if (endMs <= startMs) {
    return [fault('endTime', 'END_NOT_AFTER_START', 'endTime must be after startTime')];
  }
  return endMs - startMs > maxDurationMs
    ? [fault('endTime', 'TOO_LONG', `a session must last at most ${maxDurationMs / 1000} seconds`)]
    : [];
}

function futureFaults(endMs: number, { recordTimeMs, maxFutureMs }: SessionLimits): readonly Fault[] {
  return endMs > recordTimeMs + maxFutureMs
    ? [fault('endTime', 'IN_THE_FUTURE', `endTime must be at most ${maxFutureMs / 1000} seconds in the future`)]
    : [];
}

function timezoneFaults(value: unknown): readonly Fault[] {
  if (typeof value === 'string' && findZone(value) !== undefined) {
    return [];
  }
  if (typeof value === 'string' && isOffsetLike(value)) {
    const hint = 'an offset does not tell when its clocks change; give a name such as Europe/London';
    return [fault('timezone', 'OFFSET_TIMEZONE', `timezone must be a name of the IANA database: ${hint}`)];
  }
  return [fault('timezone', 'UNKNOWN_TIMEZONE', 'timezone must be a name of the IANA database such as Europe/London')];
}
