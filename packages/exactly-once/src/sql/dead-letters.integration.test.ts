import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import type { Rejected } from '../projection';
import { sourceRecord } from '../testing/fixtures';
import { insertDeadLetters } from './outbox';

/** A dead letter that cannot be stored would stop its partition for good: there is nothing left to turn it into. */
describe('a dead letter', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const rejection = { reason: 'BAD', detail: 'd', userId: 'u', eventId: 'e' };
  const source = (offset: bigint) => sourceRecord(0, offset);
  const hostile: readonly (readonly [string, Rejected])[] = [
    [
      'whose detail is cut between two surrogates',
      { source: source(1n), rejection: { ...rejection, detail: `${'x'.repeat(1_999)}😀` } },
    ],
    [
      'with NUL and lone surrogates everywhere',
      {
        source: source(2n),
        rejection: { reason: 'BAD', detail: '\u0000\ud800', userId: '\udc00\u0000', eventId: '\u0000' },
      },
    ],
    [
      'whose ids are longer than an index row',
      { source: source(3n), rejection: { ...rejection, userId: randomText(5_000), eventId: randomText(5_000) } },
    ],
    ['from the end of time', { source: { ...source(4n), timestampMs: Number(2n ** 63n - 1n) }, rejection }],
    ['from before the beginning of time', { source: { ...source(5n), timestampMs: -(2 ** 62) }, rejection }],
    ['without a time', { source: { ...source(6n), timestampMs: -1 }, rejection }],
    ['without key, value and ids', { source: sourceRecord(0, 7n, null), rejection: { reason: 'BAD', detail: '' } }],
    [
      'with headers of every kind',
      {
        source: {
          ...source(8n),
          headers: { '\u0000': Buffer.from([0]), __proto__x: 'text', list: ['a', Buffer.from('b')], none: undefined },
        },
        rejection,
      },
    ],
  ];

  it.each(hostile)('%s is stored', async (_, rejected) => {
    const client = await database.pool.connect();
    try {
      await insertDeadLetters(client, [{ shard: 0, seq: rejected.source.offset, recordedAtMs: 0, rejected }]);
      const { rowCount } = await client.query('SELECT FROM dead_letters WHERE "offset" = $1', [
        rejected.source.offset.toString(),
      ]);
      expect(rowCount).toBe(1);
    } finally {
      client.release();
    }
  });
});

/** Does not compress, as an index row would otherwise be made to fit. */
function randomText(characters: number): string {
  let seed = 1;
  return Array.from({ length: characters }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCharCode(0x4e00 + (seed % 20_000));
  }).join('');
}
