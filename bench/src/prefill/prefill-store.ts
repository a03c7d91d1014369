import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import type { Pool, PoolClient } from 'pg';
import { userIdOf, zoneOfUser } from '../data-set/generate-data-set';
import { PREFILLED_SESSION_MS, type Prefill, prefilledStartMs } from './prefill-users';

const USERS_A_STATEMENT = 20_000;
const REFILL_TIMEOUT_MS = 300_000;
const DAY_MS = 86_400_000;

/**
 * Fills Postgres with sessions, totals, streaks and history that agree with each other (published and projected, as far as
 * the marks say), and has a processor bring Redis up to it, so that the measured run does not. Returns the number of changes.
 */
export async function prefillStore(pipeline: Pipeline, prefill: Prefill): Promise<number> {
  // Its first start also makes the shards.
  const processor = await pipeline.addProcessor({ env: { LOG_LEVEL: 'info' } });
  await processor.stop();
  const { rows } = await pipeline.pool.query<{ shards: string }>('SELECT count(*) AS shards FROM outbox_shard');
  await fillPostgres(pipeline.pool, prefill, Number(rows[0]?.shards));
  await refillRedis(pipeline);
  return prefill.users;
}

/** Sessions, totals, streaks and history, in one transaction; then what autovacuum would do in time. */
export async function fillPostgres(pool: Pool, prefill: Prefill, shards: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      'INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1) ON CONFLICT (shard) DO NOTHING',
      [shards],
    );
    await stageUsers(client, prefill, shards);
    const firstStart = new Date(prefilledStartMs(prefill, 0)).toISOString();
    const values = [firstStart, prefill.daysEach, PREFILLED_SESSION_MS];
    // Rows come day by day, as they would have come in time; the index is made afterwards, in one sort.
    await withoutPrimaryKey(client, 'focus_sessions', () =>
      client.query(
        `INSERT INTO focus_sessions (user_id, session_id, start_time, end_time, timezone)
         SELECT u.user_id, 'prefilled-' || lpad(day::text, 6, '0'), start_time, start_time + make_interval(secs => $3::float8 / 1000), u.timezone
         FROM generate_series(0, $2::int - 1) AS day, LATERAL (SELECT $1::timestamptz + make_interval(days => day)) AS s(start_time),
              prefilled_users u`,
        values,
      ),
    );
    await withoutPrimaryKey(client, 'daily_totals', () =>
      client.query(
        `INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
         SELECT user_id, 'focus', (start_time AT TIME ZONE 'UTC')::date, $1::bigint, end_time, session_id, timezone FROM focus_sessions`,
        [PREFILLED_SESSION_MS],
      ),
    );
    await fillStreaks(client, prefill);
    await client.query('DROP TABLE prefilled_users');
    await client.query('COMMIT');
    await client.query('VACUUM ANALYZE');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function stageUsers(client: PoolClient, { users }: Prefill, shards: number): Promise<void> {
  await client.query(
    'CREATE TEMPORARY TABLE prefilled_users (user_id text COLLATE "C", timezone text, shard int, seq bigint)',
  );
  const numbers = new Map<number, number>();
  for (let from = 0; from < users; from += USERS_A_STATEMENT) {
    const count = Math.min(USERS_A_STATEMENT, users - from);
    const userIds = Array.from({ length: count }, (_, index) => userIdOf(from + index));
    const shardOf = userIds.map((userId) => partitionForKey(userId, shards));
    const seqs = shardOf.map((shard) => {
      const seq = (numbers.get(shard) ?? 0) + 1;
      numbers.set(shard, seq);
      return seq;
    });
    const zones = userIds.map((_, index) => zoneOfUser(from + index));
    await client.query(
      'INSERT INTO prefilled_users SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])',
      [userIds, zones, shardOf, seqs],
    );
  }
}

/** One run a user, made by one change. */
async function fillStreaks(client: PoolClient, prefill: Prefill): Promise<void> {
  const first = new Date(prefilledStartMs(prefill, 0)).toISOString().slice(0, 10);
  const last = new Date(prefilledStartMs(prefill, prefill.daysEach - 1)).toISOString().slice(0, 10);
  const after = new Date(prefilledStartMs(prefill, prefill.daysEach - 1) + DAY_MS).toISOString().slice(0, 10);
  await client.query(
    `INSERT INTO user_streaks (user_id, rule_id, runs, current_run_length, longest_run_length, last_qualified_date,
       qualified_days_count, timezone, version)
     SELECT user_id, 'focus', datemultirange(daterange($1::date, $2::date)), $3::int, $3::int, $4::date, $3::int, timezone, 1
     FROM prefilled_users`,
    [first, after, prefill.daysEach, last],
  );
  await client.query(
    `INSERT INTO streak_history (shard, out_seq, user_id, rule_id, version, change_type, qualified_date, current_before,
       current_after, longest_before, longest_after, qualified_days_before, qualified_days_after, last_qualified_before,
       last_qualified_after, timezone, generation, topic_id, partition, "offset")
     SELECT shard, seq, user_id, 'focus', 1, 'FIRST_ACTIVITY', $1::date, 0, $2::int, 0, $2::int, 0, $2::int, NULL, $1::date, timezone, 1,
       '00000000-0000-4000-8000-000000000000', 0, 0
     FROM prefilled_users`,
    [last, prefill.daysEach],
  );
  await client.query(
    `UPDATE outbox_shard o SET out_seq = m.last, published_seq = m.last, projected_seq = m.last
     FROM (SELECT shard, max(seq) AS last FROM prefilled_users GROUP BY shard) m WHERE m.shard = o.shard`,
  );
}

async function withoutPrimaryKey(client: PoolClient, table: string, fill: () => Promise<unknown>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype = 'p'`,
    [table],
  );
  const [key] = rows;
  if (key === undefined) throw new Error(`${table} has no primary key`);
  await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${key.name}`);
  await fill();
  await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${key.name} ${key.definition}`);
}

/** A processor whose Redis has lost its sentinels brings every state there. Those of an empty installation go first. */
async function refillRedis({ redis, redisKeyPrefix, addProcessor }: Pipeline): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${redisKeyPrefix}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(...keys);
  }
  const processor = await addProcessor({ env: { LOG_LEVEL: 'info' } });
  try {
    await waitFor(() => processor.output().includes('redis_refilled'), {
      description: 'Redis to be filled',
      timeoutMs: REFILL_TIMEOUT_MS,
      intervalMs: 100,
    });
  } finally {
    await processor.stop();
  }
}
