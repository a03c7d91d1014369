import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { type Schema, Type } from 'avsc';

export interface TestRegistry extends Pick<SchemaRegistry, 'register' | 'getSchema'> {
  /** In the order of their registration; the id of each is its index plus 1. */
  readonly subjects: readonly string[];
}

/** A registry in memory: a schema is the newest of its subject, and anything that was never registered is a 404. */
export function createTestRegistry(): TestRegistry {
  const subjects: string[] = [];
  const types: Type[] = [];
  const registry = {
    subjects,
    async register({ schema }: { readonly schema: string }, { subject }: { readonly subject: string }) {
      subjects.push(subject);
      types.push(Type.forSchema(JSON.parse(schema) as Schema));
      return { id: types.length };
    },
    async getSchema(id: number) {
      const type = types[id - 1];
      if (type === undefined) throw Object.assign(new Error('not found'), { status: 404 });
      return type;
    },
  };
  return registry as unknown as TestRegistry;
}
