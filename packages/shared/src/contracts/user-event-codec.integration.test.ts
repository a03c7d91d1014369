import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import type { Session } from '../domain/session';
import { createSessionDecoder, createSessionEncoder } from './session-codec';
import { readSessionCompletedSchema, SESSION_COMPLETED_SUBJECT } from './session-completed';

const registry = () => new SchemaRegistry({ host: stackAddresses().SCHEMA_REGISTRY_URL });
const decoder = () => createSessionDecoder(registry(), { now: () => performance.now() });
const SESSION: Session = {
  userId: 'user-1',
  sessionId: 'session-1',
  startMs: 1_736_935_200_250,
  endMs: 1_736_937_900_000,
  timezone: 'Europe/London',
};

it('is registered once by several that start at the same moment, and read by one that knew nothing of it', async () => {
  const encoders = await Promise.all([1, 2, 3, 4].map(() => createSessionEncoder(registry())));
  expect(new Set(encoders.map(({ schemaId }) => schemaId)).size).toBe(1);
  const value = encoders[0]?.encode(SESSION) ?? null;
  const reader = decoder();
  await reader.prepare([value]);
  expect(reader.decode(value, null)).toEqual({ ...SESSION, keyMismatch: false });
});

it('refuses, by the registry, a schema that its readers could not read', async () => {
  await createSessionEncoder(registry());
  const schema = JSON.parse(readSessionCompletedSchema()) as { fields: object[] };
  const incompatible = { ...schema, fields: [...schema.fields, { name: 'device', type: 'string' }] };
  await expect(
    registry().register(
      { type: SchemaType.AVRO, schema: JSON.stringify(incompatible) },
      { subject: SESSION_COMPLETED_SUBJECT },
    ),
  ).rejects.toMatchObject({ status: 409 });
});

it('is read from the schema of another team that adds an optional field', async () => {
  const team = registry();
  const schema = JSON.parse(readSessionCompletedSchema()) as { fields: object[] };
  const fields = [{ name: 'device', type: ['null', 'string'], default: null }, ...schema.fields];
  const extended = JSON.stringify({ ...schema, namespace: 'com.other', fields });
  const { id } = await team.register(
    { type: SchemaType.AVRO, schema: extended },
    { subject: uniqueName('other-team') },
  );
  const { userId, sessionId, startMs: startTime, endMs: endTime, timezone } = SESSION;
  const value = await team.encode(id, { userId, sessionId, startTime, endTime, timezone, device: 'phone' });
  const reader = decoder();
  await reader.prepare([value]);
  expect(reader.decode(value, Buffer.from(userId))).toEqual({ ...SESSION, keyMismatch: false });
});

it('tells an id that the registry does not know, whatever its size, and a schema that is not Avro', async () => {
  const schema = JSON.stringify({ type: 'object', properties: { userId: { type: 'string' } } });
  const { id } = await registry().register({ type: SchemaType.JSON, schema }, { subject: uniqueName('json') });
  const reader = decoder();
  for (const [schemaId, reason] of [
    [1_999_999_999, 'UNKNOWN_SCHEMA'],
    [0x7fffffff, 'UNKNOWN_SCHEMA'],
    [-1, 'UNKNOWN_SCHEMA'],
    [id, 'INCOMPATIBLE_SCHEMA'],
  ] as const) {
    const value = Buffer.alloc(12);
    value.writeInt32BE(schemaId, 1);
    await reader.prepare([value]);
    expect(reader.decode(value, null)).toMatchObject({ fault: { reason } });
  }
});
