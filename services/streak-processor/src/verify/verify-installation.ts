import { setTimeout as delay } from 'node:timers/promises';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import { readGeneration } from '../read-model/read-generation';
import { checkHistory } from './check-history';
import { checkRedis, checkUnknownUsers, type ExpectedState, type RedisCheckOptions } from './check-redis';
import { createFaultList, type FaultList } from './fault-list';
import { type Installation, openInstallation } from './installation';
import { type ProgressDisplay, silentProgress } from './progress-display';
import { recountUser } from './recount-user';
import { readUserPages, type UserPage } from './user-pages';

export interface VerifyReport {
  /** One line each, by kind with a count and a few examples; empty: everything agrees. */
  readonly faults: readonly string[];
  readonly users: number;
  readonly sessions: number;
  /** Users whose last change is not projected to Redis yet: no fault. */
  readonly behind: number;
}

const PAGE_ROWS = 20_000;
const SCAN_COUNT = 2_000;
/** A refill of Redis under way may take this long before it counts as a fault that there is none. */
const REFILL_WAIT_MS = 30_000;
const POLL_MS = 250;

/**
 * Compares an installation with itself, read-only: sessions with daily totals, totals with streaks, history and outbox
 * numbers with both, Redis with Postgres. Right also while processors run.
 * `env`: the settings of the processor.
 */
export async function verifyInstallation(
  env: Readonly<Record<string, string | undefined>>,
  display: ProgressDisplay = silentProgress,
): Promise<VerifyReport> {
  const installation = await openInstallation(env, 'streaks-verify');
  try {
    return await verify(installation, display);
  } finally {
    display.close();
    await installation.close();
  }
}

async function verify(installation: Installation, display: ProgressDisplay): Promise<VerifyReport> {
  const { config, store, redis } = installation;
  const pool = installation.openPool({
    name: 'streaks-verify',
    max: 3,
    sessionSettings: { DateStyle: 'ISO, YMD', default_transaction_read_only: 'on' },
  });
  const faults = createFaultList();
  const shards = await readShards(pool, faults);
  display.step('history and outbox', shards.length);
  let shardsDone = 0;
  await checkHistory(pool, shards, faults, () => {
    shardsDone += 1;
    display.at(shardsDone);
  });
  await checkPositions(pool, faults);

  const generation = await readGeneration(pool);
  const redisCheck = { store, pool, generation, shardCount: shards.length, faults };
  const isFilled = await waitUntilFilled(redisCheck);
  const targetMs = config.FOCUS_DAILY_TARGET_SECONDS * 1_000;
  const counts = { users: 0, sessions: 0, behind: 0 };
  display.step('users, by their sessions', await estimateSessions(pool));
  for await (const page of readUserPages(pool, PAGE_ROWS)) {
    for (const user of page.users) recountUser(user, targetMs, faults);
    if (isFilled) counts.behind += await checkRedis(redisCheck, expectedStates(page));
    counts.users += page.users.length;
    counts.sessions += page.sessions;
    display.at(counts.sessions);
  }
  display.step('keys of Redis', counts.users);
  if (isFilled) await checkKeys(redis, config.REDIS_KEY_PREFIX, redisCheck, display);
  return { faults: faults.lines(), ...counts };
}

function expectedStates({ users }: UserPage): ExpectedState[] {
  return users.map(({ userId, streak }) => ({
    userId,
    runs: formatRuns(streak?.runs ?? []),
    timezone: streak?.timezone ?? null,
    version: streak?.version ?? 0,
  }));
}

async function readShards(pool: Pool, faults: FaultList): Promise<readonly number[]> {
  const { rows } = await pool.query<{ shard: number }>('SELECT shard FROM outbox_shard ORDER BY shard');
  if (rows.some(({ shard }, index) => shard !== index))
    faults.add('outbox_shard', 'its shards are not 0 to their number');
  return rows.map(({ shard }) => shard);
}

/** No stored change comes from a record that the position has not passed, and no mark is ahead of its shard. */
async function checkPositions(pool: Pool, faults: FaultList): Promise<void> {
  const { rows } = await pool.query<{ fault: string }>(
    `SELECT format('partition %s: changes up to offset %s, the position is %s', p.partition, max(h."offset"), p.next_offset) AS fault
     FROM streak_history h JOIN partition_progress p ON p.topic_id = h.topic_id AND p.partition = h.partition
     GROUP BY p.partition, p.next_offset HAVING max(h."offset") >= p.next_offset
     UNION ALL
     SELECT format('shard %s: published %s, projected %s, out_seq %s', shard, published_seq, projected_seq, out_seq)
     FROM outbox_shard WHERE published_seq > out_seq OR projected_seq > out_seq`,
  );
  for (const { fault } of rows) faults.add('positions and marks', fault);
}

async function estimateSessions(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>(
    "SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = 'focus_sessions'::regclass",
  );
  return Math.round(rows[0]?.rows ?? 0);
}

async function waitUntilFilled({ store, generation, faults }: RedisCheckOptions): Promise<boolean> {
  const deadlineMs = performance.now() + REFILL_WAIT_MS;
  for (;;) {
    const missing = await store.missingBuckets(generation);
    if (missing.length === 0) return true;
    if (performance.now() > deadlineMs) {
      faults.add('Redis is not filled', `${missing.length} buckets lack generation ${generation}`);
      return false;
    }
    await delay(POLL_MS);
  }
}

async function checkKeys(redis: Redis, keyPrefix: string, check: RedisCheckOptions, display: ProgressDisplay) {
  const marker = `:streak:${FOCUS_RULE}:`;
  const escaped = keyPrefix.replace(/[\\*?[\]]/g, '\\$&');
  let seen = 0;
  for await (const keys of redis.scanStream({ match: `${escaped}{*}${marker}*`, count: SCAN_COUNT })) {
    const userIds = (keys as string[]).map((key) => key.slice(key.indexOf(marker, keyPrefix.length) + marker.length));
    if (userIds.length > 0) await checkUnknownUsers(check, userIds);
    seen += userIds.length;
    display.at(seen);
  }
}
