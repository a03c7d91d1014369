import { randomUUID } from 'node:crypto';
import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import type { FriendshipEvent } from '@streaks/shared/contracts/friendship-event-codec';
import type { UserEventToSend } from '@streaks/shared/contracts/user-event';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { createBoardWriter } from '@streaks/shared/redis/boards/board-writer';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Redis } from 'ioredis';
import { Pool, type PoolClient } from 'pg';
import { applyFriendships } from '../../friendships/apply-friendships';
import { applyOrganisations } from '../../organisations/apply-organisations';
import {
  applyInTransaction,
  createTestProjection,
  TEST_TOPIC_ID,
  toRecord,
} from '../../projections/streaks/test-support/drive-projection';
import { refillFromPostgres } from '../../read-model/refill-from-postgres';
import { readAllStreaks } from '../../read-model/streak-pages';

/** A database and Redis as processors leave them, with one shard, without processors. */
export interface FilledInstallation {
  readonly database: TestDatabase;
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly environment: Readonly<Record<string, string>>;
  /** In one transaction, as records of an instant; all are projected once `fill` is called. */
  apply(events: readonly UserEventToSend[], recordTimeMs: number): Promise<void>;
  changeOrganisation(organisationId: string, change: Partial<SettingsChange>, recordTimeMs: number): Promise<void>;
  befriend(userId: string, friendId: string, recordTimeMs: number): Promise<void>;
  /** States to Redis, as the relay takes them there: who is new there is marked for the boards. */
  project(): Promise<void>;
  /** Redis from Postgres, boards too; nothing waits to be projected. */
  fill(): Promise<void>;
  close(): Promise<void>;
}

export async function createFilledInstallation(): Promise<FilledInstallation> {
  const addresses = stackAddresses();
  const database = await createTestDatabase();
  const lanes = new Pool({ connectionString: database.url, max: 1, options: laneConnectionOptions });
  const redis = new Redis(addresses.REDIS_URL);
  const keyPrefix = `verify-${randomUUID()}:`;
  const projection = createTestProjection();
  const store = createStreakStore({ redis, keyPrefix, boards: createBoardWriter({ redis, keyPrefix }) });
  await ensureShards(database.pool, 1);
  let offset = 0;
  const sourceAt = (topic: string, timestampMs: number) => {
    offset += 1;
    return {
      topic,
      topicId: TEST_TOPIC_ID,
      partition: 0,
      offset: BigInt(offset),
      timestampMs,
      key: null,
      value: null,
      headers: {},
    };
  };
  const connected = async (work: (client: PoolClient) => Promise<unknown>): Promise<void> => {
    const client = await lanes.connect();
    try {
      await work(client);
    } finally {
      client.release();
    }
  };
  const inTransaction = (work: (client: PoolClient) => Promise<unknown>): Promise<void> =>
    connected(async (client) => {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    });
  return {
    database,
    redis,
    keyPrefix,
    environment: { ...addresses, DATABASE_URL: database.url, REDIS_KEY_PREFIX: keyPrefix },
    async apply(events, timestampMs) {
      const records = events.map((event) => {
        offset += 1;
        return toRecord(event, offset, { timestampMs });
      });
      await connected((client) => applyInTransaction(client, projection, records, 2));
    },
    async changeOrganisation(organisationId, change, recordTimeMs) {
      const source = sourceAt('organisation-events', recordTimeMs);
      const whole = { changeId: `o-${offset}`, changedAtMs: recordTimeMs, effectiveFrom: 0 as LocalDay, ...change };
      await inTransaction((client) =>
        applyOrganisations(client, [
          { source, event: { kind: 'organisation-settings', organisationId, change: whole, keyMismatch: false } },
        ]),
      );
    },
    async befriend(userId, friendId, recordTimeMs) {
      const source = sourceAt('friendship-events', recordTimeMs);
      const event: FriendshipEvent = {
        kind: 'friendship',
        userId,
        friendId,
        isFriend: true,
        changedAtMs: recordTimeMs,
        keyMismatch: false,
      };
      await inTransaction((client) => applyFriendships(client, [{ source, event }]));
    },
    async project() {
      for await (const page of readAllStreaks(database.pool, 1n, 100)) await store.writeAll(page);
      await database.pool.query('UPDATE outbox_shard SET projected_seq = out_seq');
    },
    async fill() {
      await database.pool.query('UPDATE outbox_shard SET projected_seq = out_seq');
      await refillFromPostgres({ store, pool: database.pool, generation: 1n, fillId: randomUUID(), pageRows: 100 });
    },
    async close() {
      const keys = await redis.keys(`${keyPrefix}*`);
      if (keys.length > 0) await redis.del(...keys);
      redis.disconnect();
      await lanes.end();
      await database.drop();
    },
  };
}
