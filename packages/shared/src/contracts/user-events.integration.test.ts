import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import type { LocalDay } from '../domain/calendar/local-day';
import { readSchema } from './avro/avro-encoder';
import { createFriendshipEventDecoder, registerFriendshipEvents } from './friendship-event-codec';
import { createOrganisationEventDecoder, registerOrganisationEvents } from './organisation-event-codec';
import type { UserEventToSend } from './user-event';
import { createUserEventDecoder } from './user-event-codec';
import { registerUserEvents } from './user-event-encoder';

jest.setTimeout(30_000);

const registry = () => new SchemaRegistry({ host: stackAddresses().SCHEMA_REGISTRY_URL });
const options = { now: () => performance.now() };
const decoder = () => createUserEventDecoder(registry(), options);
const AT_MS = 1_736_935_200_250;
const userId = 'user-1';
const change = { changeId: 'c1', changedAtMs: AT_MS, effectiveFrom: 20_106 as LocalDay };
const SESSION = {
  kind: 'session',
  userId,
  sessionId: 'session-1',
  startMs: AT_MS,
  endMs: AT_MS + 2_699_750,
  timezone: 'Europe/London',
} as const;
const EVENTS: readonly UserEventToSend[] = [
  SESSION,
  { kind: 'check-in', userId, checkInId: 'c', atMs: AT_MS, timezone: 'Europe/London' },
  { kind: 'retraction', userId, sessionId: 'session-1' },
  {
    kind: 'settings',
    userId,
    change: {
      ...change,
      timezone: null,
      dailyTargetSeconds: 1200,
      organisationId: 'acme',
      freeze: { earnEvery: 7, cap: 2 },
      pauses: [{ first: 20_301 as LocalDay, last: 20_314 as LocalDay }],
      leaderboardOptOut: true,
    },
  },
  { kind: 'erasure', userId },
];

it('are registered once by several that start at the same moment, and read by one that knew nothing of them', async () => {
  const encoders = await Promise.all([1, 2, 3, 4].map(() => registerUserEvents(registry())));
  const reader = decoder();
  for (const event of EVENTS) {
    const values = encoders.map((encoder) => encoder.encode(event));
    expect(new Set(values.map((value) => value.toString('hex'))).size).toBe(1);
    await reader.prepare(values);
    for (const value of values) expect(reader.decode(value, null)).toEqual({ ...event, keyMismatch: false });
  }
});

it('are read by a client that has nothing but the registry', async () => {
  const encoder = await registerUserEvents(registry());
  const [, , , settings] = EVENTS;
  await expect(registry().decode(encoder.encode(settings as UserEventToSend))).resolves.toEqual({
    userId,
    changeId: 'c1',
    changedAt: AT_MS,
    effectiveFrom: 20_106,
    timezone: { value: null },
    dailyTargetSeconds: { value: 1200 },
    dailyCheckInTarget: null,
    organisationId: { value: 'acme' },
    freeze: { value: { earnEvery: 7, cap: 2 } },
    pauses: { value: [{ first: 20_301, last: 20_314 }] },
    leaderboardOptOut: { value: true },
  });
});

it('are read from what such a client wrote', async () => {
  const client = registry();
  const organisations = createOrganisationEventDecoder(registry(), options);
  const friendships = createFriendshipEventDecoder(registry(), options);
  await registerOrganisationEvents(registry());
  await registerFriendshipEvents(registry());
  const write = async (name: string, record: object) =>
    await client.encode(await client.getLatestSchemaId(`io.streaks.${name}`), record);
  const changed = { changeId: 'c2', changedAt: AT_MS, effectiveFrom: 20_106 };
  const value = await write('OrganisationSettingsChanged', {
    organisationId: 'acme',
    ...changed,
    dailyTargetSeconds: { value: 900 },
    dailyCheckInTarget: null,
    freeze: { value: null },
  });
  await organisations.prepare([value]);
  expect(organisations.decode(value, Buffer.from('acme'))).toEqual({
    kind: 'organisation-settings',
    organisationId: 'acme',
    change: { changeId: 'c2', changedAtMs: AT_MS, effectiveFrom: 20_106, dailyTargetSeconds: 900, freeze: null },
    keyMismatch: false,
  });
  for (const [name, isFriend] of [
    ['FriendAdded', true],
    ['FriendRemoved', false],
  ] as const) {
    const friendship = await write(name, { userId, friendId: 'user-2', changedAt: AT_MS });
    await friendships.prepare([friendship]);
    expect(friendships.decode(friendship, null)).toMatchObject({ userId, friendId: 'user-2', isFriend });
    const elsewhere = decoder();
    await elsewhere.prepare([friendship]);
    expect(elsewhere.decode(friendship, null)).toMatchObject({ fault: { reason: 'UNSUPPORTED_TYPE' } });
  }
});

it('refuse, by the registry, a schema that their readers could not read', async () => {
  await registerUserEvents(registry());
  for (const [file, name] of [
    ['session-completed.avsc', 'SessionCompleted'],
    ['user-settings-changed.avsc', 'UserSettingsChanged'],
  ] as const) {
    const schema = JSON.parse(readSchema(file)) as { fields: object[] };
    const incompatible = { ...schema, fields: [...schema.fields, { name: 'device', type: 'string' }] };
    await expect(
      registry().register(
        { type: SchemaType.AVRO, schema: JSON.stringify(incompatible) },
        { subject: `io.streaks.${name}` },
      ),
    ).rejects.toMatchObject({ status: 409 });
  }
});

it('are read from the schema of another team that adds an optional field, and lacks optional ones', async () => {
  const team = registry();
  const optional = { name: 'device', type: ['null', 'string'], default: null };
  const register = async (file: string, without: readonly string[]) => {
    const schema = JSON.parse(readSchema(file)) as { fields: { name: string }[] };
    const fields = [optional, ...schema.fields.filter(({ name }) => !without.includes(name))];
    const extended = JSON.stringify({ ...schema, namespace: 'com.other', fields });
    const { id } = await team.register({ type: SchemaType.AVRO, schema: extended }, { subject: uniqueName('other') });
    return id;
  };
  const { sessionId, startMs: startTime, endMs: endTime, timezone } = SESSION;
  const session = await team.encode(await register('session-completed.avsc', []), {
    userId,
    sessionId,
    startTime,
    endTime,
    timezone,
    device: 'phone',
  });
  const settings = await team.encode(await register('user-settings-changed.avsc', ['timezone', 'pauses']), {
    userId,
    changeId: 'c1',
    changedAt: AT_MS,
    effectiveFrom: 20_106,
    freeze: { value: { earnEvery: 7, cap: 2 } },
    organisationId: { value: 'acme' },
    device: null,
  });
  const reader = decoder();
  await reader.prepare([session, settings]);
  expect(reader.decode(session, Buffer.from(userId))).toEqual({ ...SESSION, keyMismatch: false });
  expect(reader.decode(settings, Buffer.from(userId))).toEqual({
    kind: 'settings',
    userId,
    change: { ...change, freeze: { earnEvery: 7, cap: 2 }, organisationId: 'acme' },
    keyMismatch: false,
  });
});

it('tell an id that the registry does not know, whatever its size, and a schema that is not Avro', async () => {
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
