import { setTimeout as delay } from 'node:timers/promises';
import { RULE_IDS } from '@streaks/shared/domain/rules';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { Pool } from 'pg';
import { defaultTargets } from '../engines/default-targets';
import { readGeneration } from '../read-model/read-generation';
import { createFaultList, type FaultList } from './fault-list';
import { checkErased } from './history/check-erased';
import { checkHistory } from './history/check-history';
import { checkPositions } from './history/check-positions';
import { type Installation, openInstallation } from './installation';
import { type ProgressDisplay, silentProgress } from './progress-display';
import { checkBoards } from './redis/check-boards';
import { checkStates } from './redis/check-states';
import type { RedisCheck } from './redis/redis-check';
import { scanRedis } from './redis/scan-redis';
import { recountUser } from './users/recount-user';
import { readUserPages, type UserPage } from './users/user-pages';

export interface VerifyReport {
  /** One line each, by kind with a count and a few examples; empty: everything agrees. */
  readonly faults: readonly string[];
  readonly users: number;
  readonly sessions: number;
  readonly checkIns: number;
  /** Users whose last change is not projected to Redis, or not ranked, yet: no fault. */
  readonly behind: number;
  /** Users whose organisation changed and whose streaks are still to be evaluated by its settings: no fault. */
  readonly waiting: number;
}

const PAGE_ROWS = 20_000;
/** A refill of Redis under way may take this long before it counts as a fault that there is none. */
const REFILL_WAIT_MS = 30_000;
const POLL_MS = 250;

/**
 * Compares an installation with itself, read-only: sessions and check-ins with daily totals, totals and settings with streaks,
 * retractions and erasures with all that must be gone, history and outbox numbers with streaks, Redis with Postgres. Right also
 * while processors run.
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
  await checkErased(pool, faults);

  const check: RedisCheck = {
    store,
    redis,
    keyPrefix: config.REDIS_KEY_PREFIX,
    pool,
    generation: await readGeneration(pool),
    shardCount: shards.length,
    faults,
  };
  const isFilled = await waitUntilFilled(check);
  const targets = defaultTargets(config);
  const counts = { users: 0, sessions: 0, checkIns: 0, behind: 0, waiting: 0 };
  display.step('users, by sessions and check-ins', await estimateEvents(pool));
  for await (const page of readUserPages(pool, PAGE_ROWS)) {
    for (const user of page.users) {
      recountUser(user, page.context, targets, faults);
      counts.sessions += user.sessions.length;
      counts.checkIns += user.checkIns.length;
      counts.waiting += user.isWaiting ? 1 : 0;
    }
    counts.users += page.users.length;
    if (isFilled) counts.behind += await checkRedis(check, page, config.LEADERBOARDS);
    display.at(counts.sessions + counts.checkIns);
  }
  display.step('keys of Redis', counts.users);
  if (isFilled) await scanRedis(check, config.LEADERBOARDS, display);
  return { faults: faults.lines(), ...counts };
}

/** Returns the number of users who are behind. */
async function checkRedis(check: RedisCheck, { users, context }: UserPage, hasBoards: boolean): Promise<number> {
  const behind = new Set<string>();
  for (const ruleId of RULE_IDS) {
    const states = users.map(({ userId, rules }) => ({
      userId,
      state: rules[ruleId].streak?.state ?? emptyStreakState,
    }));
    for (const userId of await checkStates(check, ruleId, states)) behind.add(userId);
    if (!hasBoards) continue;
    for (const userId of await checkBoards(check, ruleId, states, context.nowMs)) behind.add(userId);
  }
  return behind.size;
}

async function readShards(pool: Pool, faults: FaultList): Promise<readonly number[]> {
  const { rows } = await pool.query<{ shard: number }>('SELECT shard FROM outbox_shard ORDER BY shard');
  if (rows.some(({ shard }, index) => shard !== index))
    faults.add('outbox_shard', 'its shards are not 0 to their number');
  return rows.map(({ shard }) => shard);
}

async function estimateEvents(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>(
    `SELECT sum(greatest(reltuples, 0))::float8 AS rows FROM pg_class
     WHERE oid IN ('focus_sessions'::regclass, 'check_ins'::regclass)`,
  );
  return Math.round(rows[0]?.rows ?? 0);
}

async function waitUntilFilled({ store, generation, faults }: RedisCheck): Promise<boolean> {
  const deadlineMs = performance.now() + REFILL_WAIT_MS;
  for (;;) {
    const [buckets, boards] = await Promise.all([store.missingBuckets(generation), store.missingBoards(generation)]);
    if (buckets.length + boards.length === 0) return true;
    if (performance.now() > deadlineMs) {
      const missing = `${buckets.length} buckets and ${boards.length} rules of boards`;
      faults.add('Redis is not filled', `${missing} lack generation ${generation}`);
      return false;
    }
    await delay(POLL_MS);
  }
}
