import type { Fault, Session } from '../domain/session';

/**
 * Why a value is no session: stable codes, public through `dead_letters.reason`.
 * - `NULL_VALUE`: the record has no value
 * - `NOT_AVRO_OR_JSON`: neither the Confluent wire format (a zero byte, a schema id) nor a text that starts with `{`
 * - `UNKNOWN_SCHEMA`: the registry has no schema of that id
 * - `INCOMPATIBLE_SCHEMA`: no Avro schema, or one from which a session cannot be read
 * - `MALFORMED_AVRO`: bytes that do not follow their schema
 * - `MALFORMED_JSON`: no JSON object, or not UTF-8
 * - `UNSUPPORTED_TYPE`: a record of another name
 * - `INVALID_SESSION`: a session that breaks a rule; `detail` names every fault
 */
export type DecodeReason =
  | 'NULL_VALUE'
  | 'NOT_AVRO_OR_JSON'
  | 'UNKNOWN_SCHEMA'
  | 'INCOMPATIBLE_SCHEMA'
  | 'MALFORMED_AVRO'
  | 'MALFORMED_JSON'
  | 'UNSUPPORTED_TYPE'
  | 'INVALID_SESSION';

export interface DecodeFault {
  readonly reason: DecodeReason;
  /** For people; bounded in length, may quote a few characters of the value. */
  readonly detail: string;
  /** Known where the value could be read that far. */
  readonly userId?: string;
  readonly sessionId?: string;
}

/** A session as its producer sent it: of the right shape, not yet judged (`validateDecoded`). */
export interface DecodedSession extends Session {
  /** The record's key is not the session's user. The value's rules; it is counted. */
  readonly keyMismatch: boolean;
}

export type DecodeResult = DecodedSession | { readonly fault: DecodeFault };

const MAX_DETAIL_LENGTH = 1000;

export function decodeFault(reason: DecodeReason, detail: string): { readonly fault: DecodeFault } {
  return { fault: { reason, detail: detail.slice(0, MAX_DETAIL_LENGTH) } };
}

/** INVALID_SESSION with every fault; the ids are passed on where they are text, so that the dead letter can be found by them. */
export function invalidSession(
  candidate: { readonly userId?: unknown; readonly sessionId?: unknown },
  faults: readonly Fault[],
): DecodeFault {
  const detail = faults.map(({ field, code, message }) => `${field} ${code}: ${message}`).join('; ');
  return {
    reason: 'INVALID_SESSION',
    detail: detail.slice(0, MAX_DETAIL_LENGTH),
    ...(typeof candidate.userId === 'string' ? { userId: candidate.userId } : {}),
    ...(typeof candidate.sessionId === 'string' ? { sessionId: candidate.sessionId } : {}),
  };
}
