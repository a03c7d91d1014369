import { type Session, type SessionCandidate, type SessionLimits, sessionFaults } from '../../domain/events/session';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import type { DecodedSession } from '../user-event';
import { instantOf } from './json-values';
import { hasReplacement, type JsonObject, type RecordContract } from './record-contract';
import { SHAPE_ONLY } from './shape-only';

interface SessionCompleted {
  readonly sessionId: string;
  readonly userId: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly timezone: string;
}

/** The hot one: whatever is added here is paid a million times a second. */
export const sessionCompleted: RecordContract<DecodedSession> = {
  name: 'SessionCompleted',
  schemaFile: 'session-completed.avsc',
  hasReplacement(record) {
    const { userId, sessionId, timezone } = record as SessionCompleted;
    return hasReplacement(userId) || hasReplacement(sessionId) || hasReplacement(timezone);
  },
  fromAvro(record, key) {
    const { userId, sessionId, startTime, endTime, timezone } = record as SessionCompleted;
    return decoded(userId, sessionId, startTime, endTime, timezone, key);
  },
  fromJson(json, key) {
    const candidate = sessionCandidateOf(json);
    const { userId, sessionId, startMs, endMs, timezone } = candidate;
    const isShaped =
      typeof userId === 'string' &&
      typeof sessionId === 'string' &&
      typeof startMs === 'number' &&
      typeof endMs === 'number' &&
      typeof timezone === 'string';
    return isShaped
      ? decoded(userId, sessionId, startMs, endMs, timezone, key)
      : { fault: invalidSession(candidate, SHAPE_ONLY) };
  },
  toAvro: ({ sessionId, userId, startMs, endMs, timezone }): SessionCompleted => ({
    sessionId,
    userId,
    startTime: startMs,
    endTime: endMs,
    timezone,
  }),
};

/** The rules of a session as a fault, or undefined if it keeps them all. */
export function validateSession(session: Session, limits: SessionLimits): DecodeFault | undefined {
  return sessionFaults(session, limits).length === 0 ? undefined : invalidSession(session, limits);
}

/** The fields of a JSON object as the domain judges them (`sessionFaults`); what is missing or no instant is undefined. */
export function sessionCandidateOf(json: JsonObject): SessionCandidate {
  return {
    userId: json['userId'],
    sessionId: json['sessionId'],
    startMs: instantOf(json['startTime']),
    endMs: instantOf(json['endTime']),
    timezone: json['timezone'],
  };
}

function decoded(
  userId: string,
  sessionId: string,
  startMs: number,
  endMs: number,
  timezone: string,
  key: Buffer | null,
): DecodedSession {
  return {
    kind: 'session',
    userId,
    sessionId,
    startMs,
    endMs,
    timezone,
    keyMismatch: isOtherKey(key, userId),
  };
}

function invalidSession(candidate: SessionCandidate, limits: SessionLimits): DecodeFault {
  const { userId, sessionId } = candidate;
  return invalidEvent('INVALID_SESSION', { userId, eventId: sessionId }, sessionFaults(candidate, limits));
}
