import { sessionCandidateOf } from '@streaks/shared/contracts/records/session-completed';
import type { DecodedSession, WithoutKey } from '@streaks/shared/contracts/user-event';
import { sessionCompletedJson } from '@streaks/shared/contracts/user-event-json';
import { type Session, type SessionLimits, sessionFaults } from '@streaks/shared/domain/events/session';
import type { ProblemFault } from '@streaks/shared/errors/problem';

/** A session that keeps every rule, or every fault of what was sent. */
export type Judged =
  | { readonly session: WithoutKey<DecodedSession> }
  | { readonly faults: readonly ProblemFault[]; readonly sessionId: string | undefined };

const { shape } = sessionCompletedJson;
const knownFields = new Set(Object.keys(shape));
const mostUnknownFieldsNamed = 10;

/**
 * Judges a body of `POST /sessions` or an item of a batch by shape and rules in one pass, so that all faults are named
 * at once. A field that is not of the contract is a fault: it is a misspelling more often than an extension.
 */
export function judgeSession(body: unknown, limits: SessionLimits): Judged {
  if (!isRecord(body)) {
    return {
      faults: [{ field: '', code: 'NOT_AN_OBJECT', message: 'a session must be a JSON object' }],
      sessionId: undefined,
    };
  }
  const candidate = sessionCandidateOf(body);
  const ruleFaults = sessionFaults(candidate, limits);
  const shapeFaults = fieldFaults(body);
  // Without faults the candidate is a session: sessionFaults has checked the type of every field.
  if (ruleFaults.length === 0 && shapeFaults.length === 0) {
    return { session: { kind: 'session', ...(candidate as Session) } };
  }
  return {
    faults: [
      ...ruleFaults.map((fault) => (body[fault.field] === undefined ? missing(fault.field) : fault)),
      ...shapeFaults,
    ],
    sessionId: typeof candidate.sessionId === 'string' ? candidate.sessionId : undefined,
  };
}

function fieldFaults(body: Readonly<Record<string, unknown>>): readonly ProblemFault[] {
  const faults: ProblemFault[] = [];
  for (const field of Object.keys(body)) {
    if (!knownFields.has(field) && faults.length < mostUnknownFieldsNamed) {
      faults.push({ field, code: 'UNKNOWN_FIELD', message: 'a session has no such field' });
    }
  }
  const type = body['type'];
  if (type !== undefined && !shape.type.safeParse(type).success) {
    faults.push({ field: 'type', code: 'UNSUPPORTED_TYPE', message: 'type must be SessionCompleted or absent' });
  }
  return faults;
}

function missing(field: string): ProblemFault {
  return { field, code: 'REQUIRED', message: `${field} is required` };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
