import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord, Projection, SourceRecord } from '@streaks/exactly-once/projection';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool, type PoolClient } from 'pg';
import { createFriendshipsProjection } from '../../friendships/create-friendships-projection';
import { createOrganisationsProjection } from '../../organisations/create-organisations-projection';
import { createTestProjection, TEST_TARGETS } from '../../projections/streaks/test-support/drive-projection';
import { rememberLosers } from '../fresh/conflicts';
import { createFreshProjection } from '../fresh/fresh-projection';
import type { FreshLogs } from '../log/catch-up';
import type { LogTail } from '../log/log-tail';
import { dropRebuildSchema } from '../schema/rebuild-schema';
import { REBUILT_TABLES } from '../schema/rebuilt-tables';

export const TOPICS = {
  organisations: 'organisation-events',
  users: 'session-events',
  friendships: 'friendship-events',
} as const;
export type TopicName = keyof typeof TOPICS;
/** Records of each topic in the order of the replay, all in one partition from offset 0 on. */
export type Logs = Readonly<Record<TopicName, readonly DecodedRecord<unknown>[]>>;

/** A database with live tables, and a connection that rebuilds them. */
export interface ReplayedDatabase {
  readonly database: TestDatabase;
  /** Connections as processors have them, to the live tables. */
  readonly lanes: Pool;
  readonly fresh: Pool;
  /** What is to be replayed; the live positions are moved to its end. `limit`: most records of a batch. */
  replayOf(logs: Logs, limit: number): Promise<FreshLogs>;
  /** The live tables are empty again, and nothing is left of a rebuild. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const OTHER_TABLES = ['streak_history', 'dead_letters', 'reevaluations', 'partition_progress', 'operator_audit'];

export async function createReplayedDatabase(): Promise<ReplayedDatabase> {
  const database = await createTestDatabase();
  const connect = (searchPath: string) => {
    const pool = new Pool({
      connectionString: database.url,
      max: 2,
      options: `${laneConnectionOptions} -c search_path=${searchPath}`,
    });
    pool.on('error', () => undefined);
    return pool;
  };
  const lanes = connect('public');
  const fresh = connect('rebuild');
  return {
    database,
    lanes,
    fresh,
    async replayOf(logs, limit) {
      for (const [name, topic] of Object.entries(TOPICS)) {
        await database.pool.query(
          `INSERT INTO partition_progress (topic, partition, topic_id, epoch, owner, next_offset)
           VALUES ($1, 0, gen_random_uuid(), 1, 'test', $2)
           ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
          [topic, logs[name as TopicName].length],
        );
      }
      const projections = {
        organisations: createFreshProjection(
          decoding(createOrganisationsProjection({ decoder: decodesNothing, maxFutureMs: 0 }), logs.organisations),
        ),
        users: createFreshProjection(decoding(createTestProjection({ isShadow: true }), logs.users), rememberLosers),
        friendships: createFreshProjection(
          decoding(
            createFriendshipsProjection({ decoder: decodesNothing, maxFutureMs: 0, isShadow: true }),
            logs.friendships,
          ),
        ),
      };
      return {
        targets: TEST_TARGETS,
        logs: (['organisations', 'users', 'friendships'] as const).map((name) => ({
          input: { topic: TOPICS[name], topicId: '', projection: projections[name] },
          tail: tailOf(logs[name], limit),
        })),
      };
    },
    async clear() {
      await dropRebuildSchema(database.pool);
      await database.pool.query(`TRUNCATE ${[...REBUILT_TABLES, ...OTHER_TABLES].join(', ')}`);
      await database.pool.query('UPDATE outbox_shard SET out_seq = 0');
    },
    async close() {
      await Promise.all([lanes.end(), fresh.end()]);
      await database.drop();
    },
  };
}

/** One client of a pool, given back at the end. */
export async function withClient<Result>(pool: Pool, use: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    return await use(client);
  } finally {
    client.release();
  }
}

const decodesNothing = {
  prepare: async () => undefined,
  decode: () => ({ fault: { reason: 'NULL_VALUE' as const, detail: 'decoded already' } }),
};

/** The same projection on records whose events are known by their offset. */
function decoding<Event, C extends { readonly shardKey: string }, Outcome>(
  projection: Projection<Event, C, Outcome>,
  log: readonly DecodedRecord<unknown>[],
): Projection<Event, C, Outcome> {
  return {
    ...projection,
    decode: async (records) =>
      records.map(({ offset }) => ({
        kind: 'event',
        event: (log[Number(offset)] as DecodedRecord<unknown>).event as Event,
      })),
  };
}

/** Reads on from where the last batch that was confirmed ended. */
function tailOf(log: readonly DecodedRecord<unknown>[], limit: number): LogTail {
  let confirmed = 0;
  let taken = 0;
  return {
    async take(targets) {
      const end = Math.min(taken + limit, Number(targets.get(0) ?? 0n));
      const records = log
        .slice(taken, end)
        .map(({ source }, index): SourceRecord => ({ ...source, offset: BigInt(taken + index) }));
      taken = end;
      return { records, positions: new Map([[0, BigInt(end)]]) };
    },
    confirm() {
      confirmed = taken;
    },
    giveBack() {
      taken = confirmed;
    },
    close: async () => undefined,
  };
}
