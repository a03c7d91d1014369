import { type CheckIn, type CheckInCandidate, checkInFaults } from '../../domain/events/check-in';
import type { EventLimits } from '../../domain/events/faults';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import type { DecodedCheckIn } from '../user-event';
import { instantOf } from './json-values';
import { hasReplacement, type JsonObject, type RecordContract } from './record-contract';
import { SHAPE_ONLY } from './shape-only';

interface CheckInRecorded {
  readonly userId: string;
  readonly checkInId: string;
  readonly at: number;
  readonly timezone: string;
}

export const checkInRecorded: RecordContract<DecodedCheckIn> = {
  name: 'CheckInRecorded',
  schemaFile: 'check-in-recorded.avsc',
  hasReplacement(record) {
    const { userId, checkInId, timezone } = record as CheckInRecorded;
    return hasReplacement(userId) || hasReplacement(checkInId) || hasReplacement(timezone);
  },
  fromAvro(record, key) {
    const { userId, checkInId, at, timezone } = record as CheckInRecorded;
    return { kind: 'check-in', userId, checkInId, atMs: at, timezone, keyMismatch: isOtherKey(key, userId) };
  },
  fromJson(json, key) {
    const candidate = checkInCandidateOf(json);
    const { userId, checkInId, atMs, timezone } = candidate;
    const isShaped =
      typeof userId === 'string' &&
      typeof checkInId === 'string' &&
      typeof atMs === 'number' &&
      typeof timezone === 'string';
    return isShaped
      ? { kind: 'check-in', userId, checkInId, atMs, timezone, keyMismatch: isOtherKey(key, userId) }
      : { fault: invalidCheckIn(candidate, SHAPE_ONLY) };
  },
  toAvro: ({ userId, checkInId, atMs, timezone }): CheckInRecorded => ({ userId, checkInId, at: atMs, timezone }),
};

/** The rules of a check-in as a fault, or undefined if it keeps them all. */
export function validateCheckIn(checkIn: CheckIn, limits: EventLimits): DecodeFault | undefined {
  return checkInFaults(checkIn, limits).length === 0 ? undefined : invalidCheckIn(checkIn, limits);
}

/** The fields of a JSON object as the domain judges them (`checkInFaults`); what is missing or no instant is undefined. */
export function checkInCandidateOf(json: JsonObject): CheckInCandidate {
  return {
    userId: json['userId'],
    checkInId: json['checkInId'],
    atMs: instantOf(json['at']),
    timezone: json['timezone'],
  };
}

function invalidCheckIn(candidate: CheckInCandidate, limits: EventLimits): DecodeFault {
  const { userId, checkInId } = candidate;
  return invalidEvent('INVALID_CHECK_IN', { userId, eventId: checkInId }, checkInFaults(candidate, limits));
}
