import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { JsonSchema } from './openapi-document';

/** Which side of the wire: what a client may send, or what it is answered. */
export type Direction = 'request' | 'response';

/** One part of a request or an answer that has its values by name: path, query, headers. */
export interface NamedSchema {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema;
}

export interface SchemaCollector {
  /** @throws Error when the schema cannot be said in JSON Schema, or has the id of another one. */
  toSchema(schema: z.ZodType, direction: Direction): JsonSchema;
  /** The members of an object one by one. */
  toNamedSchemas(schema: z.ZodObject, direction: Direction): readonly NamedSchema[];
  /** Schemas with a `meta({ id })` that were met so far, by id. */
  shared(): Readonly<Record<string, JsonSchema>>;
}

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

type MutableSchema = Record<string, unknown>;

/** Turns zod schemas into JSON Schemas whose shared parts are `components/schemas` of one OpenAPI document. */
export function createSchemaCollector(): SchemaCollector {
  const components = new Map<string, JsonSchema>();

  function toSchema(schema: z.ZodType, direction: Direction): JsonSchema {
    const { $schema, $defs, ...rest } = z.toJSONSchema(schema, {
      io: direction === 'request' ? 'input' : 'output',
      override({ zodSchema, jsonSchema }) {
        tidy(zodSchema, jsonSchema as MutableSchema, direction);
        const { contentSchema } = jsonSchema as MutableSchema;
        // As `jsonText` left it.
        if (contentSchema instanceof z.ZodType) {
          Object.assign(jsonSchema, { contentSchema: toSchema(contentSchema, direction) });
        }
      },
    });
    for (const [id, definition] of Object.entries($defs ?? {})) keep(id, pointToComponents(definition) as JsonSchema);
    return pointToComponents(rest) as JsonSchema;
  }

  function keep(id: string, schema: JsonSchema): void {
    const known = components.get(id);
    if (known !== undefined && !isDeepStrictEqual(known, schema)) {
      throw new Error(`two schemas are called ${id}, or one differs between request and answer`);
    }
    components.set(id, schema);
  }

  return {
    toSchema,
    toNamedSchemas(schema, direction) {
      // The object itself stands nowhere in the document: only its members do.
      const { properties = {}, required = [] } = toSchema(z.object(schema.shape), direction) as {
        readonly properties?: Readonly<Record<string, JsonSchema>>;
        readonly required?: readonly string[];
      };
      return Object.entries(properties).map(([name, member]) => ({
        name,
        isRequired: required.includes(name),
        schema: member,
      }));
    },
    shared: () => Object.fromEntries([...components].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/**
 * Objects of an answer stay open unless they are strict: a later release may add a member, and a client ignores what it does
 * not know. What zod adds that is no rule of ours goes: the range of a double at `z.int()`, and the long patterns of dates
 * beside their `format`.
 */
function tidy(zodSchema: z.core.$ZodTypes, jsonSchema: MutableSchema, direction: Direction): void {
  const { def } = zodSchema._zod;
  if (direction === 'response' && def.type === 'object' && def.catchall === undefined) {
    delete jsonSchema['additionalProperties'];
  }
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (def.type === 'string' && 'format' in def && (def.format === 'date' || def.format === 'datetime')) {
    delete jsonSchema['pattern'];
  }
  // JSON Schema 2020-12 has `examples`; OpenAPI 3.1 only keeps `example` for older documents.
  if ('example' in jsonSchema) {
    jsonSchema['examples'] = [jsonSchema['example']];
    delete jsonSchema['example'];
  }
}

function pointToComponents(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(pointToComponents);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) =>
      key === '$ref' && typeof value === 'string'
        ? [key, value.replace(DEFINITIONS, COMPONENTS)]
        : [key, pointToComponents(value)],
    ),
  );
}
