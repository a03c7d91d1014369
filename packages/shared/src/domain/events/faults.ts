import { findZone, isOffsetLike } from '../calendar/zone';
import { isValidId, MAX_ID_LENGTH } from './id';

export type FaultCode =
  | 'INVALID_ID'
  | 'NOT_AN_INSTANT'
  | 'BEFORE_1970'
  | 'END_NOT_AFTER_START'
  | 'TOO_LONG'
  | 'IN_THE_FUTURE'
  | 'UNKNOWN_TIMEZONE'
  | 'OFFSET_TIMEZONE'
  | 'NOT_A_DATE'
  | 'NOT_A_BOOLEAN'
  | 'NOT_A_FREEZE_RULE'
  | 'NOT_A_LIST'
  | 'OUT_OF_RANGE'
  | 'TOO_MANY'
  | 'LAST_BEFORE_FIRST';

/** One thing wrong with an event. `field` is the name in the contract (startTime, not startMs). */
export interface Fault {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** What an event is judged against. */
export interface EventLimits {
  /** The Kafka record's timestamp, so that a replay decides alike; the time of the request at the edge. */
  readonly recordTimeMs: number;
  /** How far after the record's time an event may be. */
  readonly maxFutureMs: number;
}

export const DEFAULT_MAX_FUTURE_MS = 5 * 60_000;

export const NO_FAULTS: readonly Fault[] = Object.freeze([]);

export function fault(field: string, code: FaultCode, message: string): Fault {
  return { field, code, message };
}

export function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** Whether a value is an id; `field` names it in the fault. */
export function idFaults(field: string, value: unknown): readonly Fault[] {
  if (typeof value === 'string' && isValidId(value)) {
    return NO_FAULTS;
  }
  const rule = `must be 1 to ${MAX_ID_LENGTH} characters of well-formed Unicode without control characters or whitespace`;
  return [fault(field, 'INVALID_ID', `${field} ${rule}`)];
}

/** Whether a value is epoch milliseconds from 1970 on. */
export function instantFaults(field: string, value: unknown): readonly Fault[] {
  if (!isInstant(value)) {
    const form = 'an existing date and time with an offset, such as 2025-01-15T10:00:00Z';
    return [fault(field, 'NOT_AN_INSTANT', `${field} must be ${form}`)];
  }
  return value < 0 ? [fault(field, 'BEFORE_1970', `${field} must not be before 1970-01-01T00:00:00Z`)] : NO_FAULTS;
}

/** Whether an instant is too far after the record's; what is no instant has that fault alone. */
export function futureFaults(
  field: string,
  value: unknown,
  { recordTimeMs, maxFutureMs }: EventLimits,
): readonly Fault[] {
  return isInstant(value) && value > recordTimeMs + maxFutureMs
    ? [fault(field, 'IN_THE_FUTURE', `${field} must be at most ${maxFutureMs / 1000} seconds in the future`)]
    : NO_FAULTS;
}

/** Whether a value is a name of the IANA database. */
export function timezoneFaults(value: unknown): readonly Fault[] {
  if (typeof value === 'string' && findZone(value) !== undefined) {
    return NO_FAULTS;
  }
  if (typeof value === 'string' && isOffsetLike(value)) {
    const hint = 'an offset does not tell when its clocks change; give a name such as Europe/London';
    return [fault('timezone', 'OFFSET_TIMEZONE', `timezone must be a name of the IANA database: ${hint}`)];
  }
  return [fault('timezone', 'UNKNOWN_TIMEZONE', 'timezone must be a name of the IANA database such as Europe/London')];
}
