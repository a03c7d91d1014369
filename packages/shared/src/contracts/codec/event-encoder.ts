import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { type Schema, Type } from 'avsc';
import { MAGIC_BYTE, readSchema, SCHEMA_NAMESPACE, WIRE_HEADER_BYTES } from '../avro/avro-encoder';
import { registerSchema } from '../avro/register-schema';
import type { RecordWriter } from '../records/record-contract';

/** The event in the Confluent wire format. Throws for a value that is no such event (a bug of the caller). */
export type EncodeEvent<Event> = (event: Event) => Buffer;

const INITIAL_ENCODE_BYTES = 1024;

/**
 * Registers the schema (subject: the record's full name, BACKWARD; harmless when several start at once) and gives an
 * encoder that needs the registry no more. Throws what the registry client throws.
 */
export async function registerEvent<Event>(
  registry: Pick<SchemaRegistry, 'register'>,
  { name, schemaFile, toAvro }: RecordWriter<Event>,
): Promise<EncodeEvent<Event>> {
  const schema = readSchema(schemaFile);
  const id = await registerSchema(registry, schema, `${SCHEMA_NAMESPACE}.${name}`);
  const type = Type.forSchema(JSON.parse(schema) as Schema);
  let scratch = Buffer.alloc(INITIAL_ENCODE_BYTES);

  return (event) => {
    const record = toAvro(event);
    let end = type.encode(record, scratch, WIRE_HEADER_BYTES);
    if (end < 0) {
      // avsc tells how many bytes were missing.
      scratch = Buffer.alloc(2 * (scratch.length - end));
      end = type.encode(record, scratch, WIRE_HEADER_BYTES);
    }
    scratch.writeInt8(MAGIC_BYTE, 0);
    scratch.writeInt32BE(id, 1);
    return Buffer.from(scratch.subarray(0, end));
  };
}
