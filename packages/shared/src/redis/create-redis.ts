import { Redis } from 'ioredis';

export type RedisOptions = {
  readonly url: string;
  /** Name of the connection in `CLIENT LIST`. */
  readonly name: string;
  /** A command without a reply after this long fails. 1,000 when absent. */
  readonly commandTimeoutMs?: number;
  /** Commands (lower case) that go out at once instead of together with the others of a turn of the event loop. */
  readonly unpipelined?: readonly string[];
  /** False for short-lived subscriptions: after an outage none of them is wanted any more. True when absent. */
  readonly autoResubscribe?: boolean;
  /** Called once when the connection is lost or cannot be made, and not again before it was up in between. */
  readonly onOutage: (error: Error) => void;
  /** Called when the connection is up after an outage. */
  readonly onRecovery?: () => void;
};

const longestRetryMs = 1_000;

/**
 * A Redis client that fails at once while Redis is away: nothing is queued for later, so memory stays bounded and a
 * caller can take its other path. It reconnects for ever, at most a second apart.
 */
export function createRedis(options: RedisOptions): Redis {
  const redis = new Redis(options.url, {
    connectionName: options.name,
    commandTimeout: options.commandTimeoutMs ?? 1_000,
    connectTimeout: 2_000,
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: [...(options.unpipelined ?? [])],
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: options.autoResubscribe ?? true,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), longestRetryMs),
  });
  let isOut = false;
  const fail = (error: Error) => {
    if (isOut) return;
    isOut = true;
    options.onOutage(error);
  };
  redis.on('error', fail);
  redis.on('close', () => fail(new Error('the connection to Redis was closed')));
  redis.on('ready', () => {
    if (!isOut) return;
    isOut = false;
    options.onRecovery?.();
  });
  return redis;
}

/** Resolves to whether Redis is ready, waiting at most `timeoutMs`. Needed at start, as commands are not queued. */
export async function waitForRedis(redis: Redis, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  return new Promise((resolve) => {
    const settle = (isReady: boolean) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      resolve(isReady);
    };
    const onReady = () => settle(true);
    const timer = setTimeout(() => settle(false), timeoutMs);
    redis.once('ready', onReady);
  });
}

/** Ends the connection: pending replies are awaited for at most a command timeout. */
export async function closeRedis(redis: Redis): Promise<void> {
  redis.removeAllListeners('close');
  if (redis.status === 'ready') await redis.quit().catch(() => undefined);
  redis.disconnect();
}
