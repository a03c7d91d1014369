import type { NumberedChange, NumberedRejection } from '@streaks/exactly-once/projection';
import type { OutputRecord } from '@streaks/exactly-once/publish/publication';
import { advanceShards, insertDeadLetters, lockShards } from '@streaks/exactly-once/sql/outbox';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { Session } from '@streaks/shared/domain/events/session';
import { decodeRecordBody } from '@streaks/testing/decode-record-body';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool } from 'pg';
import type { StreakChange } from '../../projections/streaks/streak-change';
import {
  createTestProjection,
  TEST_TOPIC_ID,
  toRecord,
  toSessionRecord,
} from '../../projections/streaks/test-support/drive-projection';
import { createOutputEncoder } from './encode-output';
import type { OutputPlaces } from './output-records';
import { DEAD_LETTER_SIZES, DEAD_LETTERS } from './read-dead-letters';
import { HISTORY_PAGE, STATES } from './read-history';
import { createReadOutput, readOutputSettings } from './read-output';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5, 9);
/** Between the third day and the fourth one. */
const ERASED_AT_MS = START_MS + 2.5 * DAY_MS;
const SHARD = 2;
const places: OutputPlaces = {
  streakChanges: 'streak-changes',
  userStreaks: 'user-streaks',
  deadLetters: 'dead-letters',
  deadLetterPartitions: 3,
  streakChangedSchemaId: 7,
  userStreakSchemaId: 8,
  generation: 1n,
};
const encoder = createOutputEncoder(places);

let database: TestDatabase;
let pool: Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('INSERT INTO outbox_shard (shard) VALUES ($1)', [SHARD]);
  const options = Object.entries(readOutputSettings).map(([name, value]) => `-c ${name}=${value}`);
  pool = new Pool({ connectionString: database.url, max: 2, options: options.join(' ') });
}, 60_000);
afterEach(async () => {
  await pool.end();
  await database.drop();
}, 60_000);

const session = (userId: string, day: number): Session => ({
  userId,
  sessionId: `day-${day}`,
  startMs: START_MS + day * DAY_MS,
  endMs: START_MS + day * DAY_MS + 3_600_000,
  timezone: day % 2 === 0 ? 'Europe/London' : 'Asia/Kathmandu',
});

const rejection = (offset: bigint, value: Buffer): Omit<NumberedRejection, 'seq' | 'recordedAtMs'> => ({
  shard: SHARD,
  rejected: {
    source: {
      topic: 'session-events',
      topicId: TEST_TOPIC_ID,
      partition: 5,
      offset,
      timestampMs: START_MS,
      key: Buffer.from('u\0'),
      value,
      headers: { trace: 'ü', bytes: Buffer.from([0xff, 0]) },
    },
    rejection: { reason: 'MALFORMED_JSON', detail: `NUL \0 and \ud800 ${'x'.repeat(3_000)}`, userId: 'u' },
  },
});

let offset = 0;
/** One transaction as the engine makes it; returns what it would publish from memory. */
async function commit(
  sessions: readonly (Session | UserEventToSend)[],
  letters: readonly Omit<NumberedRejection, 'seq' | 'recordedAtMs'>[] = [],
): Promise<OutputRecord[]> {
  const client = await database.pool.connect();
  const projection = createTestProjection();
  try {
    await client.query('BEGIN');
    const records = sessions.map((one) =>
      'kind' in one
        ? toRecord(one, offset++, { timestampMs: ERASED_AT_MS })
        : toSessionRecord(one, offset++, { 'x-request-id': `request-${one.sessionId}` }),
    );
    const { changes } = await projection.apply(client, records, 0);
    const { lastNumbers, recordedAtMs } = await lockShards(client, [SHARD]);
    let seq = lastNumbers.get(SHARD) ?? 0n;
    const numbered = changes.map((change): NumberedChange<StreakChange> => {
      seq += 1n;
      return { shard: SHARD, seq, recordedAtMs, change };
    });
    const rejected = letters.map((letter): NumberedRejection => {
      seq += 1n;
      return { ...letter, seq, recordedAtMs };
    });
    if (numbered.length > 0) await projection.saveChanges(client, numbered);
    if (rejected.length > 0) await insertDeadLetters(client, rejected);
    await advanceShards(client, new Map([[SHARD, seq]]));
    await client.query('COMMIT');
    return [...encoder.encode(SHARD, numbered), ...rejected.flatMap((letter) => encoder.encodeDeadLetter(letter))];
  } finally {
    client.release();
  }
}

const readOutput = (maxBytes = 4_000_000) => createReadOutput({ pool, places, maxBytes });
/** Pages from the start to the end. */
async function readAll(limit: number, maxBytes?: number): Promise<OutputRecord[]> {
  const read = readOutput(maxBytes);
  const records: OutputRecord[] = [];
  for (let after = 0n; ; ) {
    const page = await read(SHARD, after, limit);
    if (page === undefined) return records;
    expect(page.firstSeq).toBe(after + 1n);
    expect(page.lastSeq).toBeGreaterThanOrEqual(page.firstSeq);
    records.push(...page.records);
    after = page.lastSeq;
  }
}
const headerOf = ({ body }: OutputRecord, name: string) =>
  decodeRecordBody(body).headers.find(([found]) => found === name)?.[1];
const ofTopic = (records: readonly OutputRecord[], topic: string) => records.filter((record) => record.topic === topic);

describe('reading the outbox back', () => {
  it('gives the bytes that were given from memory: changes, last states and dead letters, in number order', async () => {
    const fromMemory = [
      ...(await commit([session('u', 0), session('v-ü', 0), session('u', 1)], [rejection(1n, Buffer.from('{'))])),
      ...(await commit([session('w', 3), session('w', 5), session('w', 4)])),
      ...(await commit([session('u', 2)], [rejection(2n, Buffer.alloc(0))])),
    ];
    // The state that u had after the first transaction is gone: only the one behind the last change can be read.
    const isOldState = ({ topic, body, seq }: OutputRecord) =>
      topic === 'user-streaks' && decodeRecordBody(body).key === 'focus:u' && seq < 5n;
    const expected = fromMemory.filter((record) => !isOldState(record));
    expect(expected.length).toBe(fromMemory.length - 1);
    expect(await readAll(100)).toEqual(expected);
    for (const limit of [1, 2, 3]) expect(await readAll(limit)).toEqual(expected);
    expect(await readAll(100, 1)).toEqual(expected);

    const { rows } = await pool.query<{ event_id: string }>(
      'SELECT event_id FROM streak_history WHERE shard = $1 ORDER BY out_seq',
      [SHARD],
    );
    const ids = ofTopic(expected, 'streak-changes').map((record) => headerOf(record, 'event-id'));
    expect(ids).toEqual(rows.map((row) => row.event_id));
    const [letter] = ofTopic(expected, 'dead-letters');
    expect(letter?.partition).toBe(2);
    expect(letter && decodeRecordBody(letter.body)).toMatchObject({ key: 'u\0', value: Buffer.from('{') });
  }, 60_000);

  it('gives the bytes of corrections too: a retraction, settings, and an erasure that takes the rows before it away', async () => {
    const change = { changeId: 'c', changedAtMs: START_MS, effectiveFrom: 0 as LocalDay };
    const fromMemory = [
      ...(await commit([session('u', 0), session('u', 1), session('v', 0), session('w', 0)])),
      ...(await commit([{ kind: 'erasure', userId: 'u' }])),
      ...(await commit([{ kind: 'retraction', userId: 'v', sessionId: 'day-0' }])),
      ...(await commit([{ kind: 'settings', userId: 'w', change: { ...change, freeze: { earnEvery: 1, cap: 9 } } }])),
      ...(await commit([session('u', 3), session('w', 3)])),
    ];
    const versionsOf = (records: readonly OutputRecord[], key: string) =>
      ofTopic(records, 'user-streaks')
        .map((record) => ({ ...decodeRecordBody(record.body), version: headerOf(record, 'version') }))
        .filter((record) => record.key === key)
        .map(({ version, value }) => `${version}${value === null ? ' null' : ''}`);
    expect(versionsOf(fromMemory, 'focus:u')).toEqual(['2', '3 null', '4']);
    const readBack = await readAll(100);
    expect(versionsOf(readBack, 'focus:u')).toEqual(['4']);
    expect(versionsOf(readBack, 'focus:v')).toEqual(['2']);
    // Nothing is made up: what is read back was given from memory, byte for byte. Of u, nothing of before the erasure is.
    for (const record of readBack) expect(fromMemory).toContainEqual(record);
    const seqs = ofTopic(readBack, 'streak-changes').map(({ seq }) => seq);
    const gone = ofTopic(fromMemory, 'streak-changes').filter(({ seq }) => !seqs.includes(seq));
    expect(gone.map(({ body }) => decodeRecordBody(body).key)).toEqual(['u', 'u']);
    for (const limit of [1, 2]) expect(await readAll(limit)).toEqual(readBack);
  }, 60_000);

  it('never gives a state before the change that led to it', async () => {
    await commit([session('u', 0), session('u', 1)]);
    const read = readOutput();
    const states = async (after: bigint) => {
      const page = await read(SHARD, after, 1);
      return ofTopic(page?.records ?? [], 'user-streaks').map((record) => headerOf(record, 'version'));
    };
    expect(await states(0n)).toEqual([]);
    expect(await states(1n)).toEqual(['2']);
    await commit([session('u', 2)]);
    expect(await states(1n)).toEqual([]);
    expect(await states(2n)).toEqual(['3']);
  }, 60_000);

  it('passes numbers that no row has, at the end too', async () => {
    await commit([session('u', 0)], [rejection(1n, Buffer.from('a'))]);
    await commit([], [rejection(1n, Buffer.from('a'))]); // the same position again: the first row stays
    const read = readOutput();
    expect(await read(SHARD, 0n, 10)).toMatchObject({ firstSeq: 1n, lastSeq: 3n });
    expect(await read(SHARD, 2n, 10)).toEqual({ firstSeq: 3n, lastSeq: 3n, records: [] });
    expect(await read(SHARD, 3n, 10)).toBeUndefined();
  }, 60_000);

  it('ends a page before the dead letter with which it would weigh too much', async () => {
    const big = Buffer.alloc(100_000, 'x');
    await commit(
      [session('u', 0)],
      [1n, 2n, 3n].map((at) => rejection(at, big)),
    );
    const read = readOutput(250_000);
    expect((await read(SHARD, 0n, 10))?.lastSeq).toBe(3n);
    expect((await read(SHARD, 3n, 10))?.lastSeq).toBe(4n);
  }, 60_000);

  it('finds a page by key in every partition of the history, and sorts nothing', async () => {
    await database.pool.query('SELECT create_streak_history_partitions(2)');
    await database.pool.query(
      `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before, current_after,
         longest_before, longest_after, qualified_days_before, qualified_days_after, generation, topic_id, partition, "offset", recorded_at)
       SELECT n % 12, n, 'u', 'focus', n, 'STREAK_INCREMENT', 0, 1, 0, 1, 0, 1, 1, $1, 0, n, now() + (n % 3) * interval '1 month'
       FROM generate_series(1, 20000) n`,
      [TEST_TOPIC_ID],
    );
    for (const state of ['never analysed', 'analysed']) {
      if (state === 'analysed') await database.pool.query('VACUUM ANALYZE');
      for (const [text, types] of [
        [HISTORY_PAGE, 'int, bigint, bigint, bigint'],
        [DEAD_LETTER_SIZES, 'int, bigint, bigint, bigint'],
        [DEAD_LETTERS, 'int, bigint, bigint, bigint'],
        [STATES, 'text[], text[], bigint[], bigint[]'],
      ] as const) {
        const client = await pool.connect();
        await client.query(`PREPARE page (${types}) AS ${text}`);
        const { rows } = await client.query<Record<'QUERY PLAN', string>>(
          'EXPLAIN EXECUTE page (NULL, NULL, NULL, NULL)',
        );
        await client.query('DEALLOCATE page');
        client.release();
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).not.toMatch(/Seq Scan|Bitmap|Sort {2}/);
        expect(plan).toMatch(/Index Scan/);
        if (text === HISTORY_PAGE) expect(plan.match(/Index Scan using \S+pkey/g)?.length).toBeGreaterThanOrEqual(4);
      }
    }
  }, 60_000);
});
