import type { NumberedChange } from '@streaks/exactly-once/projection';
import type { OutputRecord } from '@streaks/exactly-once/publish/publication';
import { advanceShards, lockShards } from '@streaks/exactly-once/sql/outbox';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { Bridging } from '@streaks/shared/domain/streaks/bridging';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState, type StreakState, summarise } from '@streaks/shared/domain/streaks/streak-state';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import { decodeRecordBody } from '@streaks/testing/decode-record-body';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool, type PoolClient } from 'pg';
import type { StreakChange } from '../../projections/streaks/streak-change';
import { createOutputEncoder } from './encode-output';
import type { OutputPlaces } from './output-records';
import { HISTORY_PAGE } from './read-history';
import { createReadOutput, readOutputSettings } from './read-output';

const SHARD = 2;
const RECORD_TIME_MS = Date.UTC(2026, 0, 5, 9, 0, 0, 123);
const TOPIC_ID = '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f';
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
const bridging: Bridging = {
  freezes: [
    { from: 20_000 as LocalDay, rule: { earnEvery: 2, cap: 1 } },
    { from: 20_400 as LocalDay, rule: null },
  ],
  pauses: [{ first: 20_105 as LocalDay, last: 20_106 as LocalDay }],
};

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

const stateOf = (version: number, days: readonly number[], more: Partial<StreakState> = {}): StreakState => ({
  runs: runsFromDays(days as LocalDay[]),
  timezone: days.length === 0 ? null : 'Europe/London',
  version,
  updatedAtMs: RECORD_TIME_MS + version,
  ...more,
});

function changeOf(
  userId: string,
  before: StreakState,
  after: StreakState,
  more: Partial<StreakChange> = {},
): StreakChange {
  return {
    shardKey: userId,
    userId,
    ruleId: 'focus',
    version: after.version,
    changeType: 'STREAK_REVISED',
    qualifiedDate: null,
    before,
    after,
    summaryBefore: summarise(before),
    summaryAfter: summarise(after),
    isLast: true,
    source: { topicId: TOPIC_ID, partition: 1, offset: BigInt(after.version) },
    recordTimeMs: after.updatedAtMs,
    requestId: null,
    ...more,
  };
}

const erasureOf = (userId: string, version: number): StreakChange =>
  changeOf(userId, emptyStreakState, stateOf(version, []), { changeType: 'USER_ERASED', isErasure: true });

const INSERT_CHANGE = `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, current_before,
    current_after, longest_before, longest_after, qualified_days_before, qualified_days_after, last_qualified_before,
    last_qualified_after, timezone, generation, topic_id, partition, "offset")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, DATE '1970-01-01' + $13::int, DATE '1970-01-01' + $14::int,
    $15, 1, $16, $17, $18)`;
const PUT_STATE = `INSERT INTO user_streaks (user_id, rule_id, runs, timezone, version, updated_at, bridging)
  VALUES ($1, $2, $3::datemultirange, $4, $5, to_timestamp($6::numeric / 1000), $7)
  ON CONFLICT (user_id, rule_id) DO UPDATE SET runs = excluded.runs, timezone = excluded.timezone, version = excluded.version,
    updated_at = excluded.updated_at, bridging = excluded.bridging`;

async function insertChange(client: PoolClient, { seq, change }: NumberedChange<StreakChange>): Promise<void> {
  const { userId, ruleId, version, changeType, summaryBefore: before, summaryAfter: after, source } = change;
  if (change.isErasure) await client.query('DELETE FROM streak_history WHERE user_id = $1', [userId]);
  await client.query(INSERT_CHANGE, [
    SHARD,
    seq,
    userId,
    ruleId,
    version,
    changeType,
    before.currentRunLength,
    after.currentRunLength,
    before.longest,
    after.longest,
    before.qualifiedDaysCount,
    after.qualifiedDaysCount,
    before.lastQualifiedDate,
    after.lastQualifiedDate,
    change.after.timezone,
    source.topicId,
    source.partition,
    source.offset,
  ]);
  const { runs, timezone, updatedAtMs, bridging: bridged } = change.after;
  await client.query(PUT_STATE, [userId, ruleId, formatRuns(runs), timezone, version, updatedAtMs, bridged ?? null]);
}

/** One transaction as the engine makes it, an erasure as the projection does; returns what it would publish from memory. */
async function commit(...changes: readonly StreakChange[]): Promise<readonly OutputRecord[]> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    const { lastNumbers, recordedAtMs } = await lockShards(client, [SHARD]);
    let seq = lastNumbers.get(SHARD) ?? 0n;
    const numbered = changes.map((change) => {
      seq += 1n;
      return { shard: SHARD, seq, recordedAtMs, change };
    });
    for (const one of numbered) await insertChange(client, one);
    await advanceShards(client, new Map([[SHARD, seq]]));
    await client.query('COMMIT');
    return encoder.encode(SHARD, numbered);
  } finally {
    client.release();
  }
}

const readOutput = (of: Pick<Pool, 'query'> = pool) =>
  createReadOutput({ pool: of as Pool, places, maxBytes: 4_000_000 });
const read = async (after = 0n, limit = 100) => (await readOutput()(SHARD, after, limit))?.records ?? [];
const told = (records: readonly OutputRecord[]) =>
  records.map(({ topic, seq, body }) => {
    const { key, value, headers } = decodeRecordBody(body);
    const version = headers.find(([name]) => name === 'version')?.[1];
    return `${seq} ${topic} ${key} ${version}${value === null ? ' null' : ''}`;
  });

it('gives the bytes that were given from memory: bridging, erasures and what comes after them', async () => {
  const first = stateOf(1, [20_101, 20_102, 20_104], { bridging });
  const again = stateOf(3, [20_200]);
  const fromMemory = [
    ...(await commit(changeOf('kept', emptyStreakState, first))),
    ...(await commit(changeOf('kept', first, stateOf(2, [20_101, 20_102, 20_104, 20_107], { bridging })))),
    ...(await commit(erasureOf('gone', 2), erasureOf('gone-ü', 9))),
    ...(await commit(changeOf('gone', stateOf(2, []), again))),
  ];
  expect(told(fromMemory)).toEqual([
    '1 streak-changes kept 1',
    '1 user-streaks focus:kept 1',
    '2 streak-changes kept 2',
    '2 user-streaks focus:kept 2',
    '3 streak-changes gone 2',
    '3 user-streaks focus:gone 2 null',
    '4 streak-changes gone-ü 9',
    '4 user-streaks focus:gone-ü 9 null',
    '5 streak-changes gone 3',
    '5 user-streaks focus:gone 3',
  ]);
  // Of a state that changed again, only the one behind the last change can be read.
  const expected = fromMemory.filter(({ topic, seq }) => topic !== 'user-streaks' || (seq !== 1n && seq !== 3n));
  expect(await read()).toEqual(expected);
  const paged = [...(await read(0n, 2)), ...(await read(2n, 1)), ...(await read(3n, 2))];
  expect(paged).toEqual(expected);
}, 60_000);

it('passes the numbers of an erased user, and publishes no state of theirs but none', async () => {
  await commit(
    changeOf('gone', emptyStreakState, stateOf(1, [20_101])),
    changeOf('kept', emptyStreakState, stateOf(1, [20_101])),
  );
  await commit(changeOf('gone', stateOf(1, [20_101]), stateOf(2, [20_101, 20_102])));
  await commit(erasureOf('gone', 3));
  expect(told(await read())).toEqual([
    '2 streak-changes kept 1',
    '2 user-streaks focus:kept 1',
    '4 streak-changes gone 3',
    '4 user-streaks focus:gone 3 null',
  ]);
  expect(await readOutput()(SHARD, 0n, 1)).toMatchObject({ firstSeq: 1n, lastSeq: 2n });
  expect(await readOutput()(SHARD, 2n, 1)).toMatchObject({ firstSeq: 3n, lastSeq: 4n });
}, 60_000);

it('gives no state ahead of its change where a user is erased between the reads of a page', async () => {
  await commit(
    changeOf('gone', emptyStreakState, stateOf(1, [20_101])),
    changeOf('kept', emptyStreakState, stateOf(1, [20_101])),
  );
  let hasErased = false;
  const erasesAfterHistory = {
    query: async (query: { readonly text: string }) => {
      const result = await pool.query(query);
      if (query.text === HISTORY_PAGE && !hasErased) {
        hasErased = true;
        await commit(erasureOf('gone', 2));
        await commit(changeOf('gone', stateOf(2, []), stateOf(3, [20_200])));
      }
      return result;
    },
  } as Pick<Pool, 'query'>;
  const page = await readOutput(erasesAfterHistory)(SHARD, 0n, 100);
  expect(hasErased).toBe(true);
  expect(page).toMatchObject({ firstSeq: 1n, lastSeq: 2n });
  expect(told(page?.records ?? [])).toEqual([
    '1 streak-changes gone 1',
    '2 streak-changes kept 1',
    '2 user-streaks focus:kept 1',
  ]);
  // The erasure's own state has changed again: it comes with the last change.
  expect(told(await read(2n))).toEqual([
    '3 streak-changes gone 2',
    '4 streak-changes gone 3',
    '4 user-streaks focus:gone 3',
  ]);
}, 60_000);
