import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import type { FriendshipEvent } from '@streaks/shared/contracts/friendship-event-codec';
import type { OrganisationEvent } from '@streaks/shared/contracts/organisation-event-codec';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { applyFriendships } from '../friendships/apply-friendships';
import { applyOrganisations } from '../organisations/apply-organisations';
import { saveHistory } from '../projections/streaks/sql/save-history';
import { arbitraryRecord, TEST_ORGANISATIONS } from '../projections/streaks/test-support/arbitrary-events';
import {
  applyInTransaction,
  createTestProjection,
  TEST_TARGETS,
  TEST_TOPIC_ID,
  toRecord,
} from '../projections/streaks/test-support/drive-projection';
import { toSettingsChange, toUserEvent } from '../projections/streaks/test-support/to-user-event';
import { evaluatePage } from '../reevaluation/evaluate-page';
import { createFaultList } from '../verify/fault-list';
import { checkErased } from '../verify/history/check-erased';
import { checkHistory } from '../verify/history/check-history';
import { recountUser } from '../verify/users/recount-user';
import { readUserPages } from '../verify/users/user-pages';
import { compareAtOnePosition } from './compare/compare-at-one-position';
import { countDifferences } from './compare/compare-tables';
import { foldBase } from './fresh/fold-base';
import { replay } from './log/replay';
import { createRebuildSchema, dropRebuildSchema, type RebuildSource } from './schema/rebuild-schema';
import { swap } from './swap/swap';
import {
  createReplayedDatabase,
  type Logs,
  type ReplayedDatabase,
  TOPICS,
  withClient,
} from './test-support/replayed-database';

// Surrogates sort otherwise in UTF-16 than in bytes.
const USERS = ['a', '\u{1f525}', '\uffee'];
const ORGANISATION_CHANGES = [...TEST_ORGANISATIONS].flatMap(([organisationId, changes]) =>
  changes.map((change) => ({ organisationId, change })),
);

const arbitraryFriendship = fc.record({
  userId: fc.constantFrom(...USERS),
  friendId: fc.constantFrom('friend', '\u{1f467}'),
  isFriend: fc.boolean(),
  changedAtMs: fc.nat({ max: 4 }),
  recordTimeMs: fc.nat({ max: 20 }),
});

const arbitraryLife = fc.record({
  users: fc.array(arbitraryRecord(USERS), { minLength: 1, maxLength: 80 }),
  organisations: fc.array(fc.constantFrom(...ORGANISATION_CHANGES), { maxLength: 4 }),
  friendships: fc.array(arbitraryFriendship, { maxLength: 8 }),
  /** How many of the changes of organisations come after their members. */
  late: fc.nat({ max: 4 }),
  /** Whether the members are evaluated before the rebuild. */
  isEvaluated: fc.boolean(),
  batch: fc.constantFrom<number>(1, 7, 100),
  /** By which the replay sorts the records: another order than the live one. */
  order: fc.array(fc.nat({ max: 1_000 }), { minLength: 80, maxLength: 80 }),
  source: fc.constantFrom<RebuildSource>('log', 'log', 'sessions'),
});
type Life = typeof arbitraryLife extends fc.Arbitrary<infer Value> ? Value : never;

describe('a rebuild', () => {
  let replayed: ReplayedDatabase;
  beforeAll(async () => {
    replayed = await createReplayedDatabase();
    await ensureShards(replayed.database.pool, 1);
  }, 120_000);
  afterAll(() => replayed.close(), 30_000);

  it('makes the same of all kinds of events whatever the order of the replay, and corrects nothing where nothing is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLife, async (life) => {
        await replayed.clear();
        const logs = logsOf(life);
        await withClient(replayed.lanes, (client) => live(client, logs, life));
        expect(await rebuild(logs, life)).toEqual({ differences: [], corrected: 0, forgotten: 0 });
        // What waited for a changed organisation is evaluated by the tables that the rebuild made.
        await withClient(replayed.lanes, evaluateAll);
        expect(await faultsOf(replayed)).toEqual([]);
        const after = { ...life, source: 'log' as const, batch: 50 };
        expect(await rebuild(logs, after)).toEqual({ differences: [], corrected: 0, forgotten: 0 });
      }),
      { numRuns: 30 },
    );
  }, 240_000);

  async function rebuild(logs: Logs, { source, batch, order }: Life) {
    const { database, fresh } = replayed;
    await createRebuildSchema(database.pool, { source, inputs: '', rules: '' });
    const users = logs.users
      .map((record, index) => ({ record, key: order[index % order.length] ?? 0 }))
      .sort((one, other) => one.key - other.key)
      .map(({ record }) => record);
    const freshLogs = await replayed.replayOf({ ...logs, users }, batch);
    if (source === 'sessions') await foldBase(fresh, Object.values(TOPICS), TEST_TARGETS, () => undefined);
    else await startAtZero(database.pool);
    const result = await withClient(fresh, async (client) => {
      await replay(client, freshLogs, { records: 0, unusable: 0 }, () => undefined);
      const { tables } = await compareAtOnePosition(database.pool, client, freshLogs, () => undefined);
      const { corrected, forgotten } = await swap(client, {
        ...freshLogs,
        runId: 'test',
        source,
        actor: 'test',
        shardOf: () => 0,
        nowMs: () => 0,
      });
      const differences = tables.filter((table) => countDifferences([table]) > 0);
      return { differences, corrected, forgotten };
    });
    await dropRebuildSchema(database.pool);
    return result;
  }
});

async function startAtZero(pool: ReplayedDatabase['database']['pool']): Promise<void> {
  await pool.query('INSERT INTO rebuild.positions SELECT unnest($1::text[]), 0, 0', [Object.values(TOPICS)]);
}

function logsOf({ users, organisations, friendships }: Life): Logs {
  return {
    users: users.map(({ event, recordTimeMs }, offset) =>
      toRecord(toUserEvent(event), offset, { timestampMs: recordTimeMs }),
    ),
    organisations: organisations.map(
      ({ organisationId, change }, offset): DecodedRecord<OrganisationEvent> => ({
        source: sourceAt(TOPICS.organisations, offset, 1),
        event: { kind: 'organisation-settings', organisationId, change: toSettingsChange(change), keyMismatch: false },
      }),
    ),
    friendships: friendships.map(
      ({ recordTimeMs, ...friendship }, offset): DecodedRecord<FriendshipEvent> => ({
        source: sourceAt(TOPICS.friendships, offset, recordTimeMs),
        event: { kind: 'friendship', ...friendship, keyMismatch: false },
      }),
    ),
  };
}

const sourceAt = (topic: string, offset: number, timestampMs: number) => ({
  topic,
  topicId: TEST_TOPIC_ID,
  partition: 0,
  offset: BigInt(offset),
  timestampMs,
  key: null,
  value: null,
  headers: {},
});

/** As processors apply the logs, batch by batch, with changes of organisations before and after the members. */
async function live(client: PoolClient, logs: Logs, { late, isEvaluated, batch }: Life): Promise<void> {
  const organisations = logs.organisations as readonly DecodedRecord<OrganisationEvent>[];
  const first = Math.max(0, organisations.length - late);
  const inTransaction = async (work: () => Promise<unknown>) => {
    await client.query('BEGIN');
    await work();
    await client.query('COMMIT');
  };
  const change = async (records: typeof organisations) => {
    if (records.length > 0) await inTransaction(() => applyOrganisations(client, records));
  };
  await change(organisations.slice(0, first));
  const projection = createTestProjection();
  const users = logs.users as readonly DecodedRecord<UserEvent>[];
  const size = Math.min(batch * 3, 100);
  for (let from = 0; from < users.length; from += size) {
    await applyInTransaction(client, projection, users.slice(from, from + size), 2);
    const friendships = logs.friendships as readonly DecodedRecord<FriendshipEvent>[];
    if (from === 0 && friendships.length > 0) await inTransaction(() => applyFriendships(client, friendships));
  }
  await change(organisations.slice(first));
  if (isEvaluated) await evaluateAll(client);
}

async function evaluateAll(client: PoolClient): Promise<void> {
  const options = {
    outbox: {
      shardCount: 1,
      shardOf: () => 0,
      projection: {
        saveChanges: (transaction: PoolClient, changes: Parameters<typeof saveHistory>[2]) =>
          saveHistory(transaction, 1n, changes),
      },
    },
    targets: TEST_TARGETS,
    pageMembers: 2,
  } as Parameters<typeof evaluatePage>[1];
  while ((await evaluatePage(client, options, [])).kind === 'page');
}

/** What verify says of Postgres. */
async function faultsOf({ database: { pool } }: ReplayedDatabase): Promise<readonly string[]> {
  const faults = createFaultList();
  await checkHistory(pool, [0], faults, () => undefined);
  await checkErased(pool, faults);
  for await (const { users, context } of readUserPages(pool, 3)) {
    for (const user of users) recountUser(user, context, TEST_TARGETS, faults);
  }
  return faults.lines();
}
