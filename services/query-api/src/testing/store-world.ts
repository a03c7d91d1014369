import { createLogger } from '@streaks/shared/observability/create-logger';
import { createPool } from '@streaks/shared/postgres/create-pool';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import { type BoardReader, createBoardReader } from '@streaks/shared/redis/boards/board-reader';
import { closeRedis, createRedis, waitForRedis } from '@streaks/shared/redis/create-redis';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import { checkAnswersOfApp } from '@streaks/testing/openapi/check-answers-of-app';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import { createPostgresBoards } from '../boards/postgres-boards';
import { createQueryApp, type QueryApp } from '../create-query-app';
import { createQueryMetrics } from '../metrics';
import { queryApiDocument } from '../openapi';
import { createPostgresReadModel } from '../stores/postgres-read-model';
import type { ReadModel } from '../stores/read-model';
import { createStoreCircuit, type StoreName } from '../stores/store-circuit';

/** After which a read of either store is given up, in milliseconds. */
export const STORE_TIMEOUT_MS = 500;

export interface StoreWorldOptions {
  readonly nowMs: number;
  readonly keyPrefix: string;
}

/** Apps and read models on real stores, as main.ts wires them, on addresses that may be those of nothing. */
export function createStoreWorld({ nowMs, keyPrefix }: StoreWorldOptions) {
  const open: (() => Promise<unknown>)[] = [];
  const metrics = createQueryMetrics(new Registry());

  function circuit(store: StoreName, isOutage: (error: unknown) => boolean) {
    return createStoreCircuit({ store, isOutage, monotonicMs: () => performance.now(), onChange: () => undefined });
  }

  function createReadModel(databaseUrl: string): {
    readonly pool: Pool;
    readonly readModel: ReadModel;
    readonly postgresBoards: BoardReader;
  } {
    const pool = createPool({
      url: databaseUrl,
      name: 'query-api-test',
      max: 3,
      role: 'streaks_reader',
      connectTimeoutMs: STORE_TIMEOUT_MS,
      statementTimeoutMs: STORE_TIMEOUT_MS,
      sessionSettings: { DateStyle: 'ISO', TimeZone: 'UTC', default_transaction_read_only: 'on' },
      onIdleError: () => undefined,
    });
    open.push(() => pool.end());
    const postgres = {
      pool,
      circuit: circuit('postgres', (error) => classifyStoreError(error) === 'unavailable'),
      timeoutMs: STORE_TIMEOUT_MS,
      monotonicMs: () => performance.now(),
    };
    return { pool, readModel: createPostgresReadModel(postgres), postgresBoards: createPostgresBoards(postgres) };
  }

  function createApp(databaseUrl: string, redis: Redis): QueryApp & { store: StreakStore; pool: Pool } {
    const { pool, readModel, postgresBoards } = createReadModel(databaseUrl);
    const store = createStreakStore({ redis, keyPrefix });
    const created = createQueryApp({
      logger: createLogger({ service: 'query-api', level: 'silent' }),
      registry: new Registry(),
      metrics,
      clock: { nowMs: () => nowMs },
      store,
      redisCircuit: circuit('redis', () => true),
      pingRedis: () => redis.ping(),
      readModel,
      boards: { redis: createBoardReader({ redis, keyPrefix }), postgres: postgresBoards },
      targets: { focus: 1_800_000, activity: 1 },
      streamLimits: {
        maxStreams: 10,
        lookEveryMs: 20,
        heartbeatEveryMs: 60_000,
        maxAgeMs: 600_000,
        slowAfterMs: 600_000,
      },
      monotonicMs: () => performance.now(),
      tzdataVersion: '2025a',
    });
    open.push(() => created.streams.close());
    checkAnswersOfApp(created.app, queryApiDocument());
    return { ...created, store, pool };
  }

  return {
    metrics,
    createReadModel,
    createApp,
    async connectRedis(url: string): Promise<Redis> {
      const redis = createRedis({
        url,
        name: 'query-api-test',
        commandTimeoutMs: STORE_TIMEOUT_MS,
        onOutage: () => undefined,
      });
      open.push(() => closeRedis(redis));
      await waitForRedis(redis, 3_000);
      return redis;
    },
    /** To be closed with the rest. */
    defer(close: () => Promise<unknown>): void {
      open.push(close);
    },
    async close(): Promise<void> {
      for (const close of open.reverse()) {
        await close();
      }
    },
  };
}
