import { isUtf8 } from 'node:buffer';
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { type Schema, Type } from 'avsc';
import { type Session, type SessionLimits, sessionFaults } from '../domain/session';
import { MAGIC_BYTE, registerSchema, WIRE_HEADER_BYTES } from './avro-encoder';
import { type DecodedSession, type DecodeFault, type DecodeResult, decodeFault, invalidSession } from './decode-fault';
import { createSchemaReaders, type SchemaReadersOptions } from './schema-readers';
import {
  readSessionCompletedSchema,
  SESSION_COMPLETED,
  SESSION_COMPLETED_SUBJECT,
  sessionCandidateOf,
} from './session-completed';

const OPENING_BRACE = 0x7b;
const REPLACEMENT_CHARACTER = '\ufffd';
const INITIAL_ENCODE_BYTES = 1024;

export interface SessionEncoder {
  readonly schemaId: number;
  /** The session in the Confluent wire format. Throws for a value that is no session (a bug of the caller). */
  encode(session: Session): Buffer;
}

export interface SessionDecoder {
  /**
   * Loads the schemas of the values that were not seen before: no request in the steady state. Throws
   * RegistryUnavailableError (`retriable`) while the registry does not answer.
   */
  prepare(values: Iterable<Buffer | null>): Promise<void>;
  /** A session of the right shape, or why it is none. Never throws for bad data; `prepare` must have seen the value. */
  decode(value: Buffer | null, key: Buffer | null): DecodeResult;
}

export type SessionDecoderOptions = Partial<
  Pick<SchemaReadersOptions, 'registryTimeoutMs' | 'unknownSchemaTtlMs' | 'maxUnknownSchemas'>
> &
  Pick<SchemaReadersOptions, 'now'>;

/** The fields of the record, in Avro's terms. */
interface SessionRecord<Text> {
  readonly sessionId: Text;
  readonly userId: Text;
  readonly startTime: number;
  readonly endTime: number;
  readonly timezone: Text;
}

/**
 * Registers the schema (subject `io.streaks.SessionCompleted`, BACKWARD; harmless when several start at once) and gives an
 * encoder that needs the registry no more. Throws what the registry client throws.
 */
export async function createSessionEncoder(registry: Pick<SchemaRegistry, 'register'>): Promise<SessionEncoder> {
  const schema = readSessionCompletedSchema();
  const id = await registerSchema(registry, schema, SESSION_COMPLETED_SUBJECT);
  const type = Type.forSchema(JSON.parse(schema) as Schema);
  let scratch = Buffer.alloc(INITIAL_ENCODE_BYTES);

  function encode({ sessionId, userId, startMs, endMs, timezone }: Session): Buffer {
    const record: SessionRecord<string> = { sessionId, userId, startTime: startMs, endTime: endMs, timezone };
    let end = type.encode(record, scratch, WIRE_HEADER_BYTES);
    if (end < 0) {
      // avsc tells how many bytes were missing.
      scratch = Buffer.alloc(2 * (scratch.length - end));
      end = type.encode(record, scratch, WIRE_HEADER_BYTES);
    }
    scratch.writeInt8(MAGIC_BYTE, 0);
    scratch.writeInt32BE(id, 1);
    return Buffer.from(scratch.subarray(0, end));
  }

  return { schemaId: id, encode };
}

/** Reads sessions whatever compatible schema their producer wrote them with, and JSON values under the same contract. */
export function createSessionDecoder(
  registry: Pick<SchemaRegistry, 'getSchema'>,
  options: SessionDecoderOptions,
): SessionDecoder {
  const schema = readSessionCompletedSchema();
  const readers = createSchemaReaders({
    registry,
    readerType: Type.forSchema(JSON.parse(schema) as Schema),
    bytesReaderType: Type.forSchema(withBytesForStrings(schema)),
    registryTimeoutMs: 10_000,
    unknownSchemaTtlMs: 60_000,
    maxUnknownSchemas: 20_000,
    ...options,
  });

  function decodeAvro(value: Buffer, key: Buffer | null): DecodeResult {
    const schemaId = value.readInt32BE(1);
    const reader = readers.find(schemaId);
    if (reader === undefined) throw new Error(`schema ${schemaId} was not prepared`);
    if (reader.kind === 'unreadable') return decodeFault(reader.reason, reader.detail);
    const payload = value.subarray(WIRE_HEADER_BYTES);
    try {
      const { userId, sessionId, startTime, endTime, timezone } = reader.read(payload) as SessionRecord<string>;
      const suspicious =
        userId.includes(REPLACEMENT_CHARACTER) ||
        sessionId.includes(REPLACEMENT_CHARACTER) ||
        timezone.includes(REPLACEMENT_CHARACTER);
      if (suspicious && !hasOnlyUtf8(reader.readBytes(payload) as SessionRecord<Buffer>)) {
        return decodeFault('MALFORMED_AVRO', 'a string is not valid UTF-8');
      }
      return decoded(userId, sessionId, startTime, endTime, timezone, key);
    } catch (error) {
      return decodeFault('MALFORMED_AVRO', error instanceof Error ? error.message : String(error));
    }
  }

  return {
    async prepare(values) {
      const schemaIds = new Set<number>();
      for (const value of values) {
        if (value !== null && isWireFormat(value)) {
          const schemaId = value.readInt32BE(1);
          if (!schemaIds.has(schemaId)) schemaIds.add(schemaId);
        }
      }
      await readers.load(schemaIds);
    },
    decode(value, key) {
      if (value === null) return decodeFault('NULL_VALUE', 'the record has no value');
      if (isWireFormat(value)) return decodeAvro(value, key);
      if (value[0] === OPENING_BRACE) return decodeJson(value, key);
      return decodeFault('NOT_AVRO_OR_JSON', `${value.length} bytes that start neither with a schema id nor with {`);
    },
  };
}

/** The rules of a session (`sessionFaults`) as a fault, or undefined if it keeps them all. */
export function validateDecoded(session: DecodedSession, limits: SessionLimits): DecodeFault | undefined {
  const faults = sessionFaults(session, limits);
  return faults.length === 0 ? undefined : invalidSession(session, faults);
}

function isWireFormat(value: Buffer): boolean {
  return value[0] === MAGIC_BYTE && value.length >= WIRE_HEADER_BYTES;
}

function decoded(
  userId: string,
  sessionId: string,
  startMs: number,
  endMs: number,
  timezone: string,
  key: Buffer | null,
): DecodedSession {
  // A record without a key says nothing that could disagree.
  const keyMismatch = key !== null && !isTextOf(key, userId);
  return { userId, sessionId, startMs, endMs, timezone, keyMismatch };
}

/** Whether the bytes are the text in UTF-8. Ids are nearly always ASCII: those are compared without making text of them. */
function isTextOf(bytes: Buffer, text: string): boolean {
  if (bytes.length === text.length) {
    let index = 0;
    while (index < bytes.length && bytes[index] === text.charCodeAt(index) && (bytes[index] as number) < 0x80)
      index += 1;
    if (index === bytes.length) return true;
  }
  return bytes.toString('utf8') === text;
}

const SHAPE_ONLY: SessionLimits = {
  recordTimeMs: Number.POSITIVE_INFINITY,
  maxDurationMs: Number.POSITIVE_INFINITY,
  maxFutureMs: 0,
};

function decodeJson(value: Buffer, key: Buffer | null): DecodeResult {
  if (!isUtf8(value)) return decodeFault('MALFORMED_JSON', 'not valid UTF-8');
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(value.toString('utf8')) as Record<string, unknown>;
  } catch (error) {
    return decodeFault('MALFORMED_JSON', error instanceof Error ? error.message : String(error));
  }
  const type = json['type'];
  if (type !== undefined && type !== SESSION_COMPLETED && type !== SESSION_COMPLETED_SUBJECT) {
    return decodeFault(
      'UNSUPPORTED_TYPE',
      `records of type ${typeof type === 'string' ? type : typeof type} are not read here`,
    );
  }
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
    : { fault: invalidSession(candidate, sessionFaults(candidate, SHAPE_ONLY)) };
}

/** avsc replaces what is no UTF-8; that would merge distinct ids. Reading the texts as bytes shows what was sent. */
function hasOnlyUtf8({ userId, sessionId, timezone }: SessionRecord<Buffer>): boolean {
  return isUtf8(userId) && isUtf8(sessionId) && isUtf8(timezone);
}

function withBytesForStrings(schema: string): Schema {
  const record = JSON.parse(schema) as { fields: { type: unknown }[] };
  const fields = record.fields.map((field) => (field.type === 'string' ? { ...field, type: 'bytes' } : field));
  return { ...record, fields } as Schema;
}
