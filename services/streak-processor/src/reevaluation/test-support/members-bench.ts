import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import { ensureShards } from '@streaks/exactly-once/sql/ensure-shards';
import type { OrganisationEvent } from '@streaks/shared/contracts/organisation-event-codec';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { SettingsChange } from '@streaks/shared/domain/settings/settings-change';
import { addChange, noSettings } from '@streaks/shared/domain/settings/stored-settings';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import { createTestDatabase, type TestDatabase } from '@streaks/testing/test-database';
import { Pool, type PoolClient } from 'pg';
import { pino } from 'pino';
import { applyOrganisations } from '../../organisations/apply-organisations';
import { USER_BUCKETS } from '../../projections/streaks/buckets/lock-buckets';
import { saveHistory } from '../../projections/streaks/sql/save-history';
import type { EvaluatePageOptions } from '../evaluate-page';
import { type ReevaluationOptions, type RunningReevaluation, startReevaluation } from '../start-reevaluation';

export const SHARDS = 5;
export const TOPIC_ID = '5f0c1a52-9b1e-4a7d-8a86-0d1b2c3d4e5f';
const START_MS = Date.UTC(2026, 10, 21);
const WORKER = 'reevaluation';

/** A database with members of organisations, and any number of workers on it. */
export interface MembersBench {
  readonly database: TestDatabase;
  readonly lanes: Pool;
  /** Members with three days of twenty minutes each: by default too little for a streak. */
  addMembers(organisationId: string, from: number, to: number): Promise<void>;
  /** As the engine of organisations applies a change; each is later than the one before. */
  changeOrganisation(organisationId: string, change: Partial<SettingsChange>): Promise<void>;
  start(options?: Partial<ReevaluationOptions>): Worker;
  /** Cuts the connections of all workers, as the end of their process does. */
  killWorkers(): Promise<void>;
  /** Streaks by what they say: how many users have it, and after how many changes. */
  streaks(): Promise<readonly { readonly runs: string; readonly version: string; readonly users: number }[]>;
  /** Fails unless numbers have no gap and each user's history is a chain of versions. */
  expectUnbrokenOutbox(): Promise<void>;
  close(): Promise<void>;
}

export interface Worker extends RunningReevaluation {
  readonly evaluated: () => number;
}

export const memberId = (organisationId: string, number: number): string =>
  `${organisationId}-${String(number).padStart(4, '0')}`;

export const evaluateOptions: EvaluatePageOptions = {
  outbox: {
    shardCount: SHARDS,
    shardOf: (userId) => partitionForKey(userId, SHARDS),
    projection: { saveChanges: (client, changes) => saveHistory(client, 1n, changes) },
  },
  targets: { focus: 1_800_000, activity: 1 },
  pageMembers: 20,
};

export async function createMembersBench(): Promise<MembersBench> {
  const database = await createTestDatabase();
  const connect = (application_name: string, max: number) => {
    const pool = new Pool({ connectionString: database.url, max, options: laneConnectionOptions, application_name });
    pool.on('error', () => undefined);
    return pool;
  };
  const lanes = connect('lanes', 8);
  const workers = connect(WORKER, 4);
  const running = new Set<Worker>();
  await ensureShards(database.pool, SHARDS);
  await database.pool.query('INSERT INTO special_buckets SELECT generate_series(0, $1 - 1)', [USER_BUCKETS]);
  let offset = 0n;

  return {
    database,
    lanes,
    async addMembers(organisationId, from, to) {
      const users = Array.from({ length: to - from }, (_, index) => memberId(organisationId, from + index));
      const settings = addChange(
        noSettings,
        { changeId: 'join', changedAtMs: 1, effectiveFrom: 0 as LocalDay, organisationId },
        1,
      );
      await database.pool.query(
        'INSERT INTO special_users (user_id, settings) SELECT u, $2 FROM unnest($1::text[]) AS u',
        [users, JSON.stringify(settings)],
      );
      await database.pool.query('INSERT INTO organisation_members SELECT $2, u FROM unnest($1::text[]) AS u', [
        users,
        organisationId,
      ]);
      await database.pool.query(
        `INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
         SELECT u, 'focus', d, 1200000, d + time '12:00', 's', 'UTC'
         FROM unnest($1::text[]) AS u, generate_series(date '2026-11-01', date '2026-11-03', interval '1 day') AS d`,
        [users],
      );
    },
    async changeOrganisation(organisationId, change) {
      offset += 1n;
      const event: OrganisationEvent = {
        kind: 'organisation-settings',
        organisationId,
        change: {
          changeId: `c${offset}`,
          changedAtMs: START_MS + Number(offset),
          effectiveFrom: 0 as LocalDay,
          ...change,
        },
        keyMismatch: false,
      };
      const source = {
        topic: 'organisation-events',
        topicId: TOPIC_ID,
        partition: 0,
        offset,
        timestampMs: START_MS,
        key: null,
        value: null,
        headers: {},
      };
      await transaction(lanes, (client) => applyOrganisations(client, [{ source, event }]));
      for (const worker of running) worker.wake();
    },
    start(options = {}) {
      let evaluated = 0;
      const reevaluation = startReevaluation({
        ...evaluateOptions,
        pool: workers,
        classifyStoreError,
        onCommitted: ({ members }) => {
          evaluated += members;
        },
        onWaiting: () => undefined,
        onFailed: () => undefined,
        log: pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
        nowMs: Date.now,
        random: Math.random,
        ...options,
      });
      const worker: Worker = { ...reevaluation, evaluated: () => evaluated };
      running.add(worker);
      return worker;
    },
    async killWorkers() {
      await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`,
        [WORKER],
      );
    },
    async streaks() {
      const { rows } = await database.pool.query(
        `SELECT runs::text, version, count(*)::int AS users FROM user_streaks WHERE rule_id = 'focus' GROUP BY 1, 2 ORDER BY 1, 2`,
      );
      return rows;
    },
    async expectUnbrokenOutbox() {
      const { rows: gaps } = await database.pool.query(
        `SELECT s.shard FROM outbox_shard s LEFT JOIN streak_history h ON h.shard = s.shard GROUP BY s.shard, s.out_seq
         HAVING count(h) <> s.out_seq OR count(DISTINCT h.out_seq) <> s.out_seq OR coalesce(max(h.out_seq), 0) <> s.out_seq`,
      );
      expect(gaps).toEqual([]);
      const { rows: broken } = await database.pool.query(
        `SELECT s.user_id FROM user_streaks s LEFT JOIN streak_history h ON h.user_id = s.user_id AND h.rule_id = s.rule_id
         GROUP BY s.user_id, s.rule_id, s.version
         HAVING count(h) <> s.version OR count(DISTINCT h.version) <> s.version OR max(h.version) <> s.version`,
      );
      expect(broken).toEqual([]);
    },
    async close() {
      for (const worker of running) await worker.stop(2_000);
      await Promise.all([lanes.end(), workers.end()]);
      await database.drop();
    },
  };
}

/** One transaction. Rolls back and throws on an error. */
export async function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
