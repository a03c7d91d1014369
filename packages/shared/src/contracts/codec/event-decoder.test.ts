import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { type Schema, Type } from 'avsc';
import type { Session } from '../../domain/events/session';
import { readSchema } from '../avro/avro-encoder';
import { RegistryUnavailableError } from '../avro/schema-readers';
import { createUserEventDecoder } from '../user-event-codec';
import { registerUserEvents } from '../user-event-encoder';

const SCHEMA_ID = 7;
const OURS = JSON.parse(readSchema('session-completed.avsc')) as { fields: { name: string; type: unknown }[] };
const SESSION: Session = {
  userId: 'user-1',
  sessionId: 'session-1',
  startMs: Date.parse('2025-01-15T10:00:00.250Z'),
  endMs: Date.parse('2025-01-15T10:45:00Z'),
  timezone: 'Europe/London',
};
const RECORD = {
  userId: SESSION.userId,
  sessionId: SESSION.sessionId,
  startTime: SESSION.startMs,
  endTime: SESSION.endMs,
  timezone: SESSION.timezone,
};
const KEY = Buffer.from(SESSION.userId);
const DECODED = { kind: 'session', ...SESSION, keyMismatch: false };

class StatusError extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

/** A registry that holds these schemas by id; anything else is a 404. */
function registryOf(schemas: Readonly<Record<number, unknown>>) {
  const asked: number[] = [];
  const registry = {
    asked,
    failure: undefined as Error | undefined,
    register: async () => ({ id: SCHEMA_ID }),
    getSchema: async (id: number) => {
      asked.push(id);
      if (registry.failure !== undefined) throw registry.failure;
      const schema = schemas[id];
      if (schema === undefined) throw new StatusError(404);
      if (schema instanceof Error) throw schema;
      return schema;
    },
  };
  return registry as typeof registry & Pick<SchemaRegistry, 'register' | 'getSchema'>;
}

function wire(schemaId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, payload]);
}

/** The value decoded by a decoder that has just prepared it. */
async function decodeOnce(registry: Pick<SchemaRegistry, 'getSchema'>, value: Buffer | null, key: Buffer | null = KEY) {
  const decoder = createUserEventDecoder(registry, { now: () => 0 });
  await decoder.prepare([value]);
  return decoder.decode(value, key);
}

async function decodeWrittenAs(schema: unknown, record: object) {
  const type = Type.forSchema(schema as Schema);
  return await decodeOnce(registryOf({ 9: type }), wire(9, type.toBuffer(record)));
}

function json(fields: object): Buffer {
  return Buffer.from(JSON.stringify(fields));
}

const JSON_SESSION = {
  userId: 'user-1',
  sessionId: 'session-1',
  startTime: '2025-01-15T11:00:00.250+01:00',
  endTime: '2025-01-15T10:45:00Z',
  timezone: 'Europe/London',
};

describe('an Avro value', () => {
  const own = () => registryOf({ [SCHEMA_ID]: Type.forSchema(OURS as Schema) });
  const sessionEncoder = async () => {
    const encoder = await registerUserEvents(own());
    return (session: Session) => encoder.encode({ kind: 'session', ...session });
  };

  it('is read as it was written, in the Confluent wire format', async () => {
    const value = (await sessionEncoder())(SESSION);
    expect([value[0], value.readInt32BE(1)]).toEqual([0, SCHEMA_ID]);
    await expect(decodeOnce(own(), value)).resolves.toEqual(DECODED);
  });

  it('does not mix up values when one is longer than any before', async () => {
    const encode = await sessionEncoder();
    const long = { ...SESSION, sessionId: 's'.repeat(5000) };
    const [first, second, third] = [encode(SESSION), encode(long), encode(SESSION)];
    await expect(decodeOnce(own(), first)).resolves.toEqual(DECODED);
    await expect(decodeOnce(own(), second)).resolves.toEqual({ ...DECODED, sessionId: long.sessionId });
    expect(third).toEqual(first);
  });

  it('reads schemas of other teams: a field more, another order, another namespace, another doc', async () => {
    const fields = [{ name: 'device', type: ['null', 'string'], default: null }, ...[...OURS.fields].reverse()];
    const schema = { ...OURS, namespace: 'com.other', doc: 'other', fields };
    await expect(decodeWrittenAs(schema, { ...RECORD, device: 'phone' })).resolves.toEqual(DECODED);
    await expect(decodeWrittenAs({ ...schema, namespace: undefined }, { ...RECORD, device: null })).resolves.toEqual(
      DECODED,
    );
  });

  it('reads plain longs and narrower numbers', async () => {
    const fields = OURS.fields.map((field) => (field.name.endsWith('Time') ? { ...field, type: 'int' } : field));
    const record = { ...RECORD, startTime: 1000, endTime: 2000 };
    await expect(decodeWrittenAs({ ...OURS, fields }, record)).resolves.toMatchObject({ startMs: 1000, endMs: 2000 });
  });

  it.each([
    ['a field that is missing', { ...OURS, fields: OURS.fields.slice(1) }, 'INCOMPATIBLE_SCHEMA'],
    ['a record of another name', { ...OURS, name: 'SessionStarted' }, 'UNSUPPORTED_TYPE'],
    ['the fields of another record', { ...OURS, name: 'CheckInRecorded' }, 'INCOMPATIBLE_SCHEMA'],
  ])('refuses a schema with %s', async (_, schema, reason) => {
    await expect(decodeWrittenAs(schema, RECORD)).resolves.toMatchObject({ fault: { reason } });
  });

  it.each([
    ['no Avro schema', { validate: () => true }, 'INCOMPATIBLE_SCHEMA'],
    ['a primitive', Type.forSchema('string'), 'INCOMPATIBLE_SCHEMA'],
    ['a schema that cannot be parsed', new Error('invalid type'), 'INCOMPATIBLE_SCHEMA'],
  ])('refuses %s', async (_, schema, reason) => {
    await expect(decodeOnce(registryOf({ 9: schema }), wire(9, Buffer.alloc(3)))).resolves.toMatchObject({
      fault: { reason },
    });
  });

  it('refuses bytes that are cut, or go on', async () => {
    const value = (await sessionEncoder())(SESSION);
    for (let length = 5; length < value.length; length += 1) {
      const outcome = await decodeOnce(own(), value.subarray(0, length));
      expect(outcome).toMatchObject({ fault: { reason: 'MALFORMED_AVRO' } });
    }
    const longer = Buffer.concat([value, Buffer.from('x')]);
    await expect(decodeOnce(own(), longer)).resolves.toMatchObject({ fault: { reason: 'MALFORMED_AVRO' } });
  });

  it('refuses text that is no UTF-8, which would make two ids one, and takes a real replacement character', async () => {
    const value = (await sessionEncoder())(SESSION);
    const broken = Buffer.from(value);
    broken[broken.indexOf('session-1')] = 0xff;
    await expect(decodeOnce(own(), broken)).resolves.toMatchObject({ fault: { reason: 'MALFORMED_AVRO' } });
    const odd = { ...SESSION, sessionId: 'a\ufffdb' };
    const encode = await sessionEncoder();
    await expect(decodeOnce(own(), encode(odd))).resolves.toEqual({ ...DECODED, sessionId: 'a\ufffdb' });
  });

  describe('of a schema with lists and maps', () => {
    const extra = [
      { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
      {
        name: 'nothing',
        type: ['null', { type: 'map', values: ['null', 'double', { type: 'array', items: 'null' }] }],
      },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    ];
    const type = Type.forSchema({ ...OURS, fields: [...extra, ...OURS.fields] } as Schema);
    const record = { ...RECORD, tags: ['a', 'b'], nothing: { x: null, y: 2.5 }, hash: Buffer.from('abc'), kind: 'B' };
    const decode = (payload: Buffer) => decodeOnce(registryOf({ 9: type }), wire(9, payload));

    it('reads what is right', async () => {
      await expect(decode(type.toBuffer(record))).resolves.toEqual(DECODED);
    });

    it.each([
      ['a count of 2^50', Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04])],
      ['a block that leads back to itself', Buffer.from([0x01, 0x03])],
      ['a block larger than the value', Buffer.from([0x01, 0xfe, 0x7f])],
    ])('refuses %s at once', async (_, count) => {
      const payload = Buffer.concat([count, type.toBuffer(record).subarray(1)]);
      await expect(decode(payload)).resolves.toMatchObject({ fault: { reason: 'MALFORMED_AVRO' } });
    });

    it('always ends, whatever byte is damaged', async () => {
      const bytes = type.toBuffer(record);
      for (let at = 0; at < bytes.length; at += 1) {
        for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
          const damaged = Buffer.from(bytes);
          damaged[at] = byte;
          await decode(damaged);
        }
      }
    });
  });

  it('refuses numbers that a double cannot hold', async () => {
    const value = (await sessionEncoder())({ ...SESSION, userId: 'u', sessionId: 's', endMs: 1 });
    // startTime, as nine bytes of varint: 2^62.
    const start = value.indexOf('u') + 1;
    const huge = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    const changed = Buffer.concat([value.subarray(0, start), huge, value.subarray(start + 6)]);
    await expect(decodeOnce(own(), changed)).resolves.toMatchObject({ fault: { reason: 'MALFORMED_AVRO' } });
  });
});

describe('the registry', () => {
  const type = Type.forSchema(OURS as Schema);
  const value = wire(9, type.toBuffer(RECORD));

  it('is asked once for each id', async () => {
    const registry = registryOf({ 9: type });
    const decoder = createUserEventDecoder(registry, { now: () => 0 });
    await Promise.all([decoder.prepare([value, value]), decoder.prepare([value])]);
    await decoder.prepare([value]);
    expect(registry.asked).toEqual([9]);
  });

  it('being away is no fault of the data', async () => {
    const registry = registryOf({ 9: type });
    const decoder = createUserEventDecoder(registry, { now: () => 0 });
    // The registry client gives a refused connection the status 400.
    for (const status of [400, 401, 408, 429, 500, 503]) {
      registry.failure = new StatusError(status);
      await expect(decoder.prepare([value])).rejects.toMatchObject({ retriable: true });
    }
    registry.failure = undefined;
    await decoder.prepare([value]);
    expect(decoder.decode(value, KEY)).toEqual(DECODED);
  });

  it('that never answers is given up', async () => {
    const registry = { getSchema: () => new Promise<never>(() => undefined) };
    const decoder = createUserEventDecoder(registry, { now: () => 0, registryTimeoutMs: 20 });
    await expect(decoder.prepare([value])).rejects.toBeInstanceOf(RegistryUnavailableError);
  });

  it('is asked again for an id that it did not know, but not at once', async () => {
    let nowMs = 0;
    const registry = registryOf({});
    const decoder = createUserEventDecoder(registry, { now: () => nowMs, unknownSchemaTtlMs: 1000 });
    for (nowMs of [0, 999, 1000]) await decoder.prepare([value]);
    expect(registry.asked).toEqual([9, 9]);
    expect(decoder.decode(value, KEY)).toMatchObject({ fault: { reason: 'UNKNOWN_SCHEMA' } });
  });

  it('is not asked for ids that cannot exist', async () => {
    const registry = registryOf({});
    for (const id of [0, -1, -2147483648]) {
      await expect(decodeOnce(registry, wire(id, Buffer.alloc(2)))).resolves.toMatchObject({
        fault: { reason: 'UNKNOWN_SCHEMA' },
      });
    }
    expect(registry.asked).toEqual([]);
  });

  it('does not make memory grow with random ids', async () => {
    const registry = registryOf({});
    const decoder = createUserEventDecoder(registry, { now: () => 0, maxUnknownSchemas: 10 });
    for (let id = 1; id <= 100; id += 1) {
      await decoder.prepare([wire(id, Buffer.alloc(1))]);
      expect(decoder.decode(wire(id, Buffer.alloc(1)), null)).toMatchObject({ fault: { reason: 'UNKNOWN_SCHEMA' } });
    }
    expect(() => decoder.decode(wire(1, Buffer.alloc(1)), null)).toThrow('was not prepared');
  });
});

describe('JSON values', () => {
  const decodeJson = (value: Buffer, key: Buffer | null = KEY) => decodeOnce(registryOf({}), value, key);

  it('follow the same contract, with or without a type', async () => {
    for (const type of [undefined, 'SessionCompleted', 'io.streaks.SessionCompleted']) {
      await expect(decodeJson(json({ type, ...JSON_SESSION, more: 1 }))).resolves.toEqual(DECODED);
    }
  });

  it.each([
    ['half an object', Buffer.from('{"userId":'), 'MALFORMED_JSON'],
    ['no UTF-8', Buffer.from('{"userId":"\xff"}', 'latin1'), 'MALFORMED_JSON'],
    ['another type', json({ type: 'SessionStarted' }), 'UNSUPPORTED_TYPE'],
    ['a type that every object has', json({ type: 'constructor' }), 'UNSUPPORTED_TYPE'],
    ['a type that is no text', json({ ...JSON_SESSION, type: null }), 'UNSUPPORTED_TYPE'],
    [
      'a type nested without end',
      Buffer.from(`{"type":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      'UNSUPPORTED_TYPE',
    ],
    ['a list', Buffer.from('[]'), 'NOT_AVRO_OR_JSON'],
    ['text', Buffer.from('hello'), 'NOT_AVRO_OR_JSON'],
    ['nothing', Buffer.alloc(0), 'NOT_AVRO_OR_JSON'],
    ['a zero byte alone', Buffer.from([0, 0, 0, 0]), 'NOT_AVRO_OR_JSON'],
    ['null', null, 'NULL_VALUE'],
    ['a time without an offset', json({ ...JSON_SESSION, startTime: '2025-01-15T10:00:00' }), 'INVALID_SESSION'],
    ['a time as a number', json({ ...JSON_SESSION, startTime: 1736935200000 }), 'INVALID_SESSION'],
  ])('that are %s are refused', async (_, value, reason) => {
    await expect(decodeOnce(registryOf({}), value)).resolves.toMatchObject({ fault: { reason } });
  });

  it('name every fault of their shape, and the ids that could be read', async () => {
    const outcome = await decodeJson(json({ userId: 'user-1', sessionId: 5, startTime: 'today', timezone: 'Mars' }));
    expect(outcome).toMatchObject({ fault: { reason: 'INVALID_SESSION', userId: 'user-1' } });
    const { detail } = 'fault' in outcome ? outcome.fault : { detail: '' };
    expect(detail.match(/[A-Za-z]+ [A-Z_]+:/g)).toEqual([
      'sessionId INVALID_ID:',
      'startTime NOT_AN_INSTANT:',
      'endTime NOT_AN_INSTANT:',
      'timezone UNKNOWN_TIMEZONE:',
    ]);
  });
});

it('tells a key that is not the user, and takes a record without one', async () => {
  const decode = (key: Buffer | null) => decodeOnce(registryOf({}), json(JSON_SESSION), key);
  await expect(decode(Buffer.from('user-2'))).resolves.toEqual({ ...DECODED, keyMismatch: true });
  await expect(decode(Buffer.alloc(0))).resolves.toEqual({ ...DECODED, keyMismatch: true });
  await expect(decode(null)).resolves.toEqual(DECODED);
});
