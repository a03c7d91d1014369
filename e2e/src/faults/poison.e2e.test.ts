import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { uniqueName } from '@streaks/testing/fresh-topic';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import type { Message } from 'kafkajs';
import { readMetric } from '../http/read-metric';
import { requestJson } from '../http/request-json';
import { sendRaw } from '../producers/raw-producer';
import { dailySession, toMessage } from '../producers/session-factory';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';

const valid = {
  sessionId: 's',
  userId: 'poison',
  startTime: '2025-01-10T10:00:00Z',
  endTime: '2025-01-10T11:00:00Z',
  timezone: 'UTC',
};
const json = (change: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...valid, ...change });
const wire = (schemaId: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, payload]);
};
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

interface Poison {
  readonly what: string;
  readonly reason: string;
  readonly detail?: RegExp;
  readonly message: Message;
}

const invalid = (what: string, detail: RegExp, change: Readonly<Record<string, unknown>>): Poison => ({
  what,
  reason: 'INVALID_SESSION',
  detail,
  message: { key: 'poison', value: json(change) },
});
const poison = (what: string, reason: string, value: Buffer | string | null): Poison => ({
  what,
  reason,
  message: { key: 'poison', value },
});

const good = dailySession('good', 0);
const poisons: readonly Poison[] = [
  poison('a null value', 'NULL_VALUE', null),
  poison('an empty value', 'NOT_AVRO_OR_JSON', ''),
  poison('garbage', 'NOT_AVRO_OR_JSON', Buffer.from([0xff, 0xfe, 0x00, 0x01])),
  poison('a schema id without a schema', 'UNKNOWN_SCHEMA', wire(2_000_000_000, Buffer.from([2, 0x61]))),
  poison('JSON cut off', 'MALFORMED_JSON', '{"sessionId": "s'),
  poison('JSON that is no UTF-8', 'MALFORMED_JSON', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])),
  poison('a record of another type', 'UNSUPPORTED_TYPE', json({ type: 'OrderPlaced' })),
  invalid('an id with NUL, which the store cannot hold', /sessionId INVALID_ID/, { sessionId: 'a\u0000b' }),
  invalid('an id with half a character', /sessionId INVALID_ID/, { sessionId: 'a\ud800' }),
  invalid('an empty user id', /userId INVALID_ID/, { userId: '' }),
  invalid('an id of 129 characters', /sessionId INVALID_ID/, { sessionId: 'x'.repeat(129) }),
  invalid('no ids', /INVALID_ID/, { userId: undefined, sessionId: 7 }),
  invalid('a start that is no instant', /startTime NOT_AN_INSTANT/, { startTime: 'yesterday' }),
  invalid('an instant without an offset', /endTime NOT_AN_INSTANT/, { endTime: '2025-01-10T11:00:00' }),
  invalid('a start before 1970', /startTime BEFORE_1970/, {
    startTime: '1969-12-31T23:59:59Z',
    endTime: '1970-01-01T00:30:00Z',
  }),
  invalid('an end at the start', /endTime END_NOT_AFTER_START/, { endTime: valid.startTime }),
  invalid('a session of more than 7 days', /TOO_LONG/, { endTime: '2025-01-17T10:00:00.001Z' }),
  invalid('an end in the future', /IN_THE_FUTURE/, { startTime: inMs(-60_000), endTime: inMs(3_600_000) }),
  invalid('a time zone that is none', /timezone UNKNOWN_TIMEZONE/, { timezone: 'Mars/Olympus' }),
  invalid('a time zone with NUL', /timezone UNKNOWN_TIMEZONE/, { timezone: 'Europe/London\u0000' }),
  invalid('an offset as time zone', /timezone OFFSET_TIMEZONE/, { timezone: '+05:30' }),
  {
    what: 'garbage whose key and headers are no text either',
    reason: 'NOT_AVRO_OR_JSON',
    message: {
      key: Buffer.from([0, 0xff, 0]),
      value: Buffer.from([1]),
      headers: { 'x-request-id': Buffer.from([0, 0xff]) },
    },
  },
  {
    what: 'a session id again with other content',
    reason: 'SESSION_CONFLICT',
    message: toMessage({ ...good, endMs: good.endMs + 1_000 }),
  },
];

interface DeadLetter {
  readonly offset: string;
  readonly reason: string;
  readonly detail: string;
  readonly value: Buffer | null;
  readonly key: Buffer | null;
}

describe('records that can never be applied', () => {
  let pipeline: Pipeline;
  let letters: readonly DeadLetter[] = [];
  let all: readonly Poison[] = poisons;

  beforeAll(async () => {
    pipeline = await startPipeline({ partitions: 1, ingest: true, queryApi: true });
    const registry = new SchemaRegistry({ host: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '' });
    const register = async (name: string): Promise<number> => {
      const namespace = uniqueName('test').replaceAll('-', '_');
      const schema = JSON.stringify({ type: 'record', name, namespace, fields: [] });
      return (await registry.register({ type: SchemaType.AVRO, schema }, { subject: `${namespace}.${name}` })).id;
    };
    const sessionId = await registry.getLatestSchemaId('io.streaks.SessionCompleted');
    all = [
      ...poisons,
      poison('a schema of another record', 'UNSUPPORTED_TYPE', wire(await register('Stranger'), Buffer.alloc(0))),
      poison(
        'a schema that lacks the fields',
        'INCOMPATIBLE_SCHEMA',
        wire(await register('SessionCompleted'), Buffer.alloc(0)),
      ),
      poison('Avro cut off', 'MALFORMED_AVRO', wire(sessionId, Buffer.from([10, 0x61]))),
    ];
    // One at a time, each between two good sessions, so that offset 2n + 1 is poison n.
    const messages = all.flatMap(({ message }, n) => [toMessage(n === 0 ? good : dailySession('good', n)), message]);
    await sendRaw(pipeline.brokers, pipeline.topic, [...messages, toMessage(dailySession('good', all.length))]);
    await waitUntilApplied(pipeline);
    const { rows } = await pipeline.pool.query<DeadLetter>(
      'SELECT "offset", reason, detail, key, value FROM dead_letters ORDER BY "offset"',
    );
    letters = rows;
  }, 60_000);

  afterAll(() => pipeline?.stop(), 60_000);

  it.each(poisons.map(({ what }, n) => [what, n] as const))(
    '%s becomes a dead letter with its reason and its bytes',
    (_, n) => {
      expectDeadLetter(n);
    },
  );

  it.each([
    ['a schema of another record', poisons.length],
    ['a schema that lacks the fields', poisons.length + 1],
    ['Avro cut off', poisons.length + 2],
  ])('%s becomes a dead letter too', (_, n) => {
    expectDeadLetter(n);
  });

  const expectDeadLetter = (n: number): void => {
    const { reason, detail = /./, message } = all[n] ?? poison('', '', null);
    const bytes = (content: Message['key'] | Message['value']): Buffer | null =>
      content === null || content === undefined ? null : Buffer.from(content);
    const letter = letters.find(({ offset }) => offset === String(2 * n + 1));
    expect(letter).toEqual({
      offset: String(2 * n + 1),
      reason,
      detail: expect.stringMatching(detail),
      key: bytes(message.key),
      value: bytes(message.value),
    });
  };

  it('leave every good session between them applied, and nothing else', async () => {
    expect(letters).toHaveLength(all.length);
    const sessions = Array.from({ length: all.length + 1 }, (_, n) => dailySession('good', n));
    expect(await stateFaults(pipeline, sessions)).toEqual([]);
  });

  it('are counted by reason', async () => {
    const [processor] = pipeline.processors;
    if (processor === undefined) throw new Error('no processor');
    for (const reason of new Set(all.map((one) => one.reason))) {
      const expected = all.filter((one) => one.reason === reason).length;
      expect([reason, await readMetric(processor, 'streaks_processor_dead_letters_total', { reason })]).toEqual([
        reason,
        expected,
      ]);
    }
  });

  it('are told to who asks for the session', async () => {
    const { status, body } = await requestJson(`${pipeline.queryApi?.url}/sessions/poison/s`);
    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'rejected', reason: 'INVALID_SESSION' } });
  });
});
