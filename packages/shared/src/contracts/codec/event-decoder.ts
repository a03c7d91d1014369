import { isUtf8 } from 'node:buffer';
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { MAGIC_BYTE, readSchema, SCHEMA_NAMESPACE, WIRE_HEADER_BYTES } from '../avro/avro-encoder';
import { readerTypesOf } from '../avro/reader-types';
import { createSchemaReaders, type SchemaReadersOptions } from '../avro/schema-readers';
import { decodeFault, type Faulty } from '../decode-fault';
import type { JsonObject, RecordReader } from '../records/record-contract';

export interface EventDecoder<Event> {
  /**
   * Loads the schemas of the values that were not seen before: no request in the steady state. Throws
   * RegistryUnavailableError (`retriable`) while the registry does not answer.
   */
  prepare(values: Iterable<Buffer | null>): Promise<void>;
  /** An event of the right shape, or why it is none. Never throws for bad data; `prepare` must have seen the value. */
  decode(value: Buffer | null, key: Buffer | null): Event | Faulty;
}

export type EventDecoderOptions = Partial<
  Pick<SchemaReadersOptions<never>, 'registryTimeoutMs' | 'unknownSchemaTtlMs' | 'maxUnknownSchemas'>
> &
  Pick<SchemaReadersOptions<never>, 'now'>;

export interface TopicContract<Event> {
  /** Of the records that the topic carries. */
  readonly readers: readonly RecordReader<Event>[];
  /** What a JSON value without `type` is; undefined: nothing. */
  readonly typeWithoutName: string | undefined;
}

const OPENING_BRACE = 0x7b;

/**
 * Reads events whatever compatible schemas their producers wrote them with, and JSON values under the same contract. Which
 * record an Avro value is follows from its schema's id, so it costs no look at the value.
 */
export function createEventDecoder<Event>(
  registry: Pick<SchemaRegistry, 'getSchema'>,
  { readers: recordReaders, typeWithoutName }: TopicContract<Event>,
  options: EventDecoderOptions,
): EventDecoder<Event> {
  const byType = new Map<unknown, RecordReader<Event>>(
    recordReaders.flatMap((reader) => [
      [reader.name, reader],
      [`${SCHEMA_NAMESPACE}.${reader.name}`, reader],
    ]),
  );
  const readers = createSchemaReaders({
    registry,
    contracts: new Map(
      recordReaders.map((reader) => [reader.name, { reader, ...readerTypesOf(readSchema(reader.schemaFile)) }]),
    ),
    registryTimeoutMs: 10_000,
    unknownSchemaTtlMs: 60_000,
    maxUnknownSchemas: 20_000,
    ...options,
  });

  function decodeAvro(value: Buffer, key: Buffer | null): Event | Faulty {
    const schemaId = value.readInt32BE(1);
    const found = readers.find(schemaId);
    if (found === undefined) throw new Error(`schema ${schemaId} was not prepared`);
    if (found.kind === 'unreadable') return decodeFault(found.reason, found.detail);
    const { reader } = found.contract;
    const payload = value.subarray(WIRE_HEADER_BYTES);
    try {
      const record = found.read(payload);
      // avsc replaces what is no UTF-8; that would merge distinct ids. Reading the texts as bytes shows what was sent.
      if (reader.hasReplacement(record) && !hasOnlyUtf8(found.readBytes(payload))) {
        return decodeFault('MALFORMED_AVRO', 'a string is not valid UTF-8');
      }
      return reader.fromAvro(record, key);
    } catch (error) {
      return decodeFault('MALFORMED_AVRO', error instanceof Error ? error.message : String(error));
    }
  }

  function decodeJson(value: Buffer, key: Buffer | null): Event | Faulty {
    if (!isUtf8(value)) return decodeFault('MALFORMED_JSON', 'not valid UTF-8');
    let json: JsonObject;
    try {
      json = JSON.parse(value.toString('utf8')) as JsonObject;
    } catch (error) {
      return decodeFault('MALFORMED_JSON', error instanceof Error ? error.message : String(error));
    }
    const { type = typeWithoutName } = json;
    const reader = byType.get(type);
    return reader === undefined ? decodeFault('UNSUPPORTED_TYPE', unsupported(type)) : reader.fromJson(json, key);
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

function isWireFormat(value: Buffer): boolean {
  return value[0] === MAGIC_BYTE && value.length >= WIRE_HEADER_BYTES;
}

function unsupported(type: unknown): string {
  if (type === undefined) return 'type is missing';
  return `records of type ${typeof type === 'string' ? type : typeof type} are not read here`;
}

/** Of a value whose texts were read as bytes, at any depth. */
function hasOnlyUtf8(value: unknown): boolean {
  if (Buffer.isBuffer(value)) return isUtf8(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(hasOnlyUtf8);
}
