import { type Schema, Type } from 'avsc';
import type { ReaderTypes } from './schema-readers';

/** What records of a schema are read as. */
export function readerTypesOf(schema: string): ReaderTypes {
  const json = JSON.parse(schema) as unknown;
  return {
    readerType: Type.forSchema(json as Schema),
    bytesReaderType: Type.forSchema(withBytesForStrings(json) as Schema),
  };
}

/** The same schema with bytes in place of each string, at any depth. */
function withBytesForStrings(schema: unknown): unknown {
  if (schema === 'string') return 'bytes';
  if (Array.isArray(schema)) return schema.map(withBytesForStrings);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.entries(schema).filter(([name]) => ['type', 'items', 'values', 'fields'].includes(name));
  return { ...schema, ...Object.fromEntries(inner.map(([name, value]) => [name, withBytesForStrings(value)])) };
}
