import { parseSettings, type SettingsOf } from '@streaks/shared/config/define-settings';
import { createPool, type PoolOptions } from '@streaks/shared/postgres/create-pool';
import { createBoardWriter } from '@streaks/shared/redis/boards/board-writer';
import { closeRedis, createRedis, waitForRedis } from '@streaks/shared/redis/create-redis';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { settings } from '../settings';

export type InstallationSettings = SettingsOf<typeof settings>;

/** The stores of an installation as a command of an operator uses them. */
export interface Installation {
  readonly config: InstallationSettings;
  readonly redis: Redis;
  readonly store: StreakStore;
  /** More pools end with the installation. */
  openPool(options: Omit<PoolOptions, 'url' | 'onIdleError'>): Pool;
  close(): Promise<void>;
}

const REDIS_WAIT_MS = 5_000;
const REDIS_COMMAND_TIMEOUT_MS = 10_000;

/**
 * Connects to the stores that the settings of the processor name.
 * @throws SettingsError, and one clear line when Redis does not answer
 */
export async function openInstallation(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<Installation> {
  const config = parseSettings(settings, env);
  const redis = createRedis({
    url: config.REDIS_URL,
    name,
    commandTimeoutMs: REDIS_COMMAND_TIMEOUT_MS,
    onOutage: () => undefined, // the command that fails tells
  });
  if (!(await waitForRedis(redis, REDIS_WAIT_MS))) {
    await closeRedis(redis);
    throw new Error('Redis does not answer at REDIS_URL');
  }
  const pools: Pool[] = [];
  return {
    config,
    redis,
    store: createStreakStore({
      redis,
      keyPrefix: config.REDIS_KEY_PREFIX,
      boards: config.LEADERBOARDS ? createBoardWriter({ redis, keyPrefix: config.REDIS_KEY_PREFIX }) : undefined,
    }),
    openPool(options) {
      const pool = createPool({ ...options, url: config.DATABASE_URL, onIdleError: () => undefined });
      pools.push(pool);
      return pool;
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      await closeRedis(redis);
    },
  };
}
