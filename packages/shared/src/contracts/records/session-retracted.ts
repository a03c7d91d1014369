import { type Fault, idFaults } from '../../domain/events/faults';
import { isOtherKey } from '../codec/key-mismatch';
import { type DecodeFault, invalidEvent } from '../decode-fault';
import type { DecodedRetraction } from '../user-event';
import { hasReplacement, type JsonObject, type RecordContract } from './record-contract';

interface SessionRetracted {
  readonly userId: string;
  readonly sessionId: string;
}

/** What may be a retraction: every field may be missing or of another type. */
export type RetractionCandidate = { readonly [Field in keyof SessionRetracted]?: unknown };

export const sessionRetracted: RecordContract<DecodedRetraction> = {
  name: 'SessionRetracted',
  schemaFile: 'session-retracted.avsc',
  hasReplacement(record) {
    const { userId, sessionId } = record as SessionRetracted;
    return hasReplacement(userId) || hasReplacement(sessionId);
  },
  fromAvro(record, key) {
    const { userId, sessionId } = record as SessionRetracted;
    return { kind: 'retraction', userId, sessionId, keyMismatch: isOtherKey(key, userId) };
  },
  fromJson(json, key) {
    const candidate = retractionCandidateOf(json);
    const { userId, sessionId } = candidate;
    return typeof userId === 'string' && typeof sessionId === 'string'
      ? { kind: 'retraction', userId, sessionId, keyMismatch: isOtherKey(key, userId) }
      : { fault: invalidRetraction(candidate) };
  },
  toAvro: ({ userId, sessionId }): SessionRetracted => ({ userId, sessionId }),
};

/** Every fault of what claims to be a retraction: its ids must be ids. */
export function retractionFaults({ userId, sessionId }: RetractionCandidate): readonly Fault[] {
  return [...idFaults('userId', userId), ...idFaults('sessionId', sessionId)];
}

/** The rules of a retraction as a fault, or undefined if it keeps them all. */
export function validateRetraction(retraction: SessionRetracted): DecodeFault | undefined {
  return retractionFaults(retraction).length === 0 ? undefined : invalidRetraction(retraction);
}

/** The fields of a JSON object as `retractionFaults` judges them. */
export function retractionCandidateOf(json: JsonObject): RetractionCandidate {
  return { userId: json['userId'], sessionId: json['sessionId'] };
}

function invalidRetraction(candidate: RetractionCandidate): DecodeFault {
  const { userId, sessionId } = candidate;
  return invalidEvent('INVALID_RETRACTION', { userId, eventId: sessionId }, retractionFaults(candidate));
}
