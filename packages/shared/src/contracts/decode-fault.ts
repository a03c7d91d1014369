import type { Fault } from '../domain/events/faults';

/**
 * Why a value is no event: stable codes, public through `dead_letters.reason`.
 * - `NULL_VALUE`: the record has no value
 * - `NOT_AVRO_OR_JSON`: neither the Confluent wire format (a zero byte, a schema id) nor a text that starts with `{`
 * - `UNKNOWN_SCHEMA`: the registry has no schema of that id
 * - `INCOMPATIBLE_SCHEMA`: no Avro schema, or one from which the record that it names cannot be read
 * - `MALFORMED_AVRO`: bytes that do not follow their schema
 * - `MALFORMED_JSON`: no JSON object, or not UTF-8
 * - `UNSUPPORTED_TYPE`: a record of a name that the topic does not carry
 * - `INVALID_…`: an event that breaks a rule; `detail` names every fault
 */
export type DecodeReason =
  | 'NULL_VALUE'
  | 'NOT_AVRO_OR_JSON'
  | 'UNKNOWN_SCHEMA'
  | 'INCOMPATIBLE_SCHEMA'
  | 'MALFORMED_AVRO'
  | 'MALFORMED_JSON'
  | 'UNSUPPORTED_TYPE'
  | 'INVALID_SESSION'
  | 'INVALID_CHECK_IN'
  | 'INVALID_RETRACTION'
  | 'INVALID_SETTINGS'
  | 'INVALID_ERASURE'
  | 'INVALID_FRIENDSHIP';

export type InvalidReason = Extract<DecodeReason, `INVALID_${string}`>;

export interface DecodeFault {
  readonly reason: DecodeReason;
  /** For people; bounded in length, may quote a few characters of the value. */
  readonly detail: string;
  /** Known where the value could be read that far. */
  readonly userId?: string;
  /** Of the session, check-in or change. */
  readonly eventId?: string;
}

export type Faulty = { readonly fault: DecodeFault };

const MAX_DETAIL_LENGTH = 1000;

export function decodeFault(reason: DecodeReason, detail: string): Faulty {
  return { fault: { reason, detail: detail.slice(0, MAX_DETAIL_LENGTH) } };
}

/** Every fault of an event; the ids are passed on where they are text, so that the dead letter can be found by them. */
export function invalidEvent(
  reason: InvalidReason,
  { userId, eventId }: { readonly userId?: unknown; readonly eventId?: unknown },
  faults: readonly Fault[],
): DecodeFault {
  const detail = faults.map(({ field, code, message }) => `${field} ${code}: ${message}`).join('; ');
  return {
    reason,
    detail: detail.slice(0, MAX_DETAIL_LENGTH),
    ...(typeof userId === 'string' ? { userId } : {}),
    ...(typeof eventId === 'string' ? { eventId } : {}),
  };
}
