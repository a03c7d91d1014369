import { z } from 'zod';
import { parseInstant } from '../domain/instant';
import { isValidId, MAX_ID_LENGTH, type SessionCandidate } from '../domain/session';
import { findZone } from '../domain/zone';
import { readSchema, SCHEMA_NAMESPACE } from './avro-encoder';

/** Name of the record, in Avro and as `type` of a JSON value. */
export const SESSION_COMPLETED = 'SessionCompleted';
/** Subject in the schema registry: the full name of the record, so that one topic may carry several of them. */
export const SESSION_COMPLETED_SUBJECT = `${SCHEMA_NAMESPACE}.${SESSION_COMPLETED}`;

/** The Avro schema as other languages use it: `packages/shared/schemas/session-completed.avsc`, text and all. */
export function readSessionCompletedSchema(): string {
  return readSchema('session-completed.avsc');
}

const id = (what: string) =>
  z
    .string()
    .refine(isValidId, `must be 1 to ${MAX_ID_LENGTH} characters without control characters or whitespace`)
    .meta({ description: what, minLength: 1, maxLength: MAX_ID_LENGTH });

const instant = (what: string, example: string) =>
  z
    .string()
    .refine((text) => parseInstant(text) !== undefined, 'must be a date and time with an offset')
    .meta({ description: what, format: 'date-time', example });

/**
 * A session as JSON: what `POST /sessions` takes and what a Kafka value that starts with `{` holds. Fields that are not
 * named here are ignored. The rules that need a clock (not in the future, at most 7 days) are `sessionFaults`'.
 */
export const sessionCompletedJson = z
  .object({
    type: z.literal([SESSION_COMPLETED, SESSION_COMPLETED_SUBJECT]).optional(),
    userId: id('Whose session it is; also the key of the Kafka record'),
    sessionId: id('Unique per user; an identical repeat changes nothing'),
    startTime: instant('When the session began', '2025-01-15T10:00:00Z'),
    endTime: instant('When it ended; later than startTime', '2025-01-15T10:45:00.500+01:00'),
    timezone: z
      .string()
      .refine((name) => findZone(name) !== undefined, 'must be a name of the IANA time zone database')
      .meta({ description: 'IANA time zone whose calendar splits the session into days', example: 'Europe/London' }),
  })
  .meta({ id: SESSION_COMPLETED });

export type SessionCompletedJson = z.infer<typeof sessionCompletedJson>;

/** The fields of a JSON object as the domain judges them (`sessionFaults`); what is missing or no instant is undefined. */
export function sessionCandidateOf(json: Readonly<Record<string, unknown>>): SessionCandidate {
  return {
    userId: json['userId'],
    sessionId: json['sessionId'],
    startMs: instantOf(json['startTime']),
    endMs: instantOf(json['endTime']),
    timezone: json['timezone'],
  };
}

function instantOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}
