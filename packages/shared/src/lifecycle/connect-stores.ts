import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Logger } from '../observability/create-logger';
import { createPool, type PoolOptions } from '../postgres/create-pool';
import { closeRedis, createRedis, type RedisOptions } from '../redis/create-redis';
import type { ServiceResources } from './run-service';

export type ConnectStoresOptions = {
  /** Of the service: names its connections in Redis and in Postgres. */
  readonly name: string;
  readonly logger: Logger;
  readonly redis: Omit<RedisOptions, 'name' | 'onOutage' | 'onRecovery'>;
  readonly postgres: Omit<PoolOptions, 'name' | 'onIdleError'>;
};

export type Stores = { readonly redis: Redis; readonly pool: Pool };

/** Redis and Postgres of a service: outages go to its log, and both are closed with it. Neither has to be there yet. */
export function connectStores(
  resources: Pick<ServiceResources, 'defer'>,
  { name, logger, redis: redisOptions, postgres }: ConnectStoresOptions,
): Stores {
  const redis = createRedis({
    ...redisOptions,
    name,
    onOutage: (error) => logger.warn({ err: error }, 'redis_lost'),
    onRecovery: () => logger.info({}, 'redis_back'),
  });
  resources.defer('redis', () => closeRedis(redis));
  const pool = createPool({
    ...postgres,
    name,
    onIdleError: (error) => logger.warn({ err: error }, 'postgres_connection_lost'),
  });
  resources.defer('postgres', () => pool.end());
  return { redis, pool };
}
