import { setTimeout as delay } from 'node:timers/promises';
import { type SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';

const CONFLICT = 409;
/** The client does not export the class. */
const OTHER_COMPATIBILITY = 'ConfluentSchemaRegistryCompatibilityError';
const ATTEMPTS = 5;
const PAUSE_MS = 50;

/**
 * Registers a schema under the full name of its record (BACKWARD), so that one topic may carry several, and answers with its
 * id. Harmless when several processes do it at once: who meets another one's first registration half done is told of a
 * conflict, and asks again. Throws what the registry client throws.
 */
export async function registerSchema(
  registry: Pick<SchemaRegistry, 'register'>,
  schema: string,
  subject: string,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { id } = await registry.register({ type: SchemaType.AVRO, schema }, { subject });
      return id;
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await delay(attempt * PAUSE_MS);
    }
  }
}

/** Of the schema for good, or of the moment: between a subject's first schema and its compatibility it seems to have another. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === OTHER_COMPATIBILITY || ('status' in error && error.status === CONFLICT);
}
