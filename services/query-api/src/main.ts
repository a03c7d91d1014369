import { parseSettings } from '@streaks/shared/config/define-settings';
import { requireTzdata } from '@streaks/shared/domain/calendar/tzdata';
import { DEFAULT_CHECK_IN_TARGET } from '@streaks/shared/domain/rules';
import { listen } from '@streaks/shared/http/listen';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { runHttpService } from '@streaks/shared/lifecycle/cluster/run-http-service';
import { connectStores } from '@streaks/shared/lifecycle/connect-stores';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createRegistry } from '@streaks/shared/observability/create-registry';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import { createBoardReader } from '@streaks/shared/redis/boards/board-reader';
import { waitForRedis } from '@streaks/shared/redis/create-redis';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import { createPostgresBoards } from './boards/postgres-boards';
import { createQueryApp } from './create-query-app';
import { createQueryMetrics, recordStoreState } from './metrics';
import { settings } from './settings';
import { createPostgresReadModel } from './stores/postgres-read-model';
import { createStoreCircuit, type StoreName, StoreUnavailable } from './stores/store-circuit';

const name = 'query-api';
const drainDeadlineMs = 5_000;
const shutdownDeadlineMs = 10_000;
const streamTiming = { heartbeatEveryMs: 15_000, slowAfterMs: 30_000 };

process.title = `streaks-${name}`;

void runHttpService({
  name,
  readSettings: () => parseSettings(settings, process.env),
  shutdownDeadlineMs: () => shutdownDeadlineMs,
  async start(resources, config, peers) {
    const tzdataVersion = requireTzdata(process.versions['tz']);
    const logger = createLogger({ service: name, level: config.LOG_LEVEL });
    resources.useLogger(logger);
    const registry = createRegistry(name);
    const metrics = createQueryMetrics(registry);

    function createCircuit(store: StoreName, isOutage: (error: unknown) => boolean) {
      metrics.storeUp.set({ store }, 1);
      return createStoreCircuit({
        store,
        isOutage,
        monotonicMs: () => performance.now(),
        onChange(isUp, error) {
          recordStoreState(metrics, store, isUp);
          logger[isUp ? 'info' : 'warn']({ store, err: error }, isUp ? 'store_back' : 'store_given_up');
        },
      });
    }

    const { redis, pool } = connectStores(resources, {
      name,
      logger,
      redis: {
        url: config.REDIS_URL,
        commandTimeoutMs: config.REDIS_TIMEOUT_MS,
        // Reads are gathered before they come here; waiting for another turn would only delay them.
        unpipelined: ['mget'],
      },
      postgres: {
        url: config.DATABASE_URL,
        role: config.DATABASE_ROLE,
        max: config.DATABASE_POOL_MAX,
        connectTimeoutMs: config.DATABASE_TIMEOUT_MS,
        statementTimeoutMs: config.DATABASE_TIMEOUT_MS,
        // The form in which dates and ranges are read must not depend on how the database is set.
        sessionSettings: { DateStyle: 'ISO', TimeZone: 'UTC', default_transaction_read_only: 'on' },
      },
    });
    const postgres = {
      pool,
      circuit: createCircuit('postgres', (error) => classifyStoreError(error) === 'unavailable'),
      timeoutMs: config.DATABASE_TIMEOUT_MS,
      monotonicMs: () => performance.now(),
    };
    const readModel = createPostgresReadModel(postgres);
    // Either store may be away at start, as later; a role that does not exist is a mistake to be told at once.
    await Promise.all([
      waitForRedis(redis, config.REDIS_TIMEOUT_MS),
      readModel.ping().catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) {
          throw error;
        }
      }),
    ]);
    const { app, refiller, streams } = createQueryApp({
      logger,
      registry,
      metrics,
      clock: systemClock,
      store: createStreakStore({ redis, keyPrefix: config.REDIS_KEY_PREFIX }),
      // Whatever Redis refuses (still loading, out of memory, a lost connection), Postgres answers instead.
      redisCircuit: createCircuit('redis', (error) => !(error instanceof TypeError || error instanceof RangeError)),
      pingRedis: () => redis.ping(),
      readModel,
      boards: {
        redis: createBoardReader({ redis, keyPrefix: config.REDIS_KEY_PREFIX }),
        postgres: createPostgresBoards(postgres),
      },
      targets: { focus: config.FOCUS_DAILY_TARGET_SECONDS * 1000, activity: DEFAULT_CHECK_IN_TARGET },
      streamLimits: {
        ...streamTiming,
        maxStreams: config.EVENT_STREAMS_MAX,
        lookEveryMs: config.EVENT_STREAM_POLL_MS,
        maxAgeMs: config.EVENT_STREAM_MAX_SECONDS * 1000,
      },
      monotonicMs: () => performance.now(),
      tzdataVersion,
      peers,
    });
    resources.defer('refills', () => refiller.idle());
    const listener = await listen(app, {
      host: config.HOST,
      port: config.PORT,
      insecure: config.STREAKS_INSECURE,
    });
    resources.defer('http', () => listener.close(drainDeadlineMs));
    // Before the listener, which would wait for them.
    resources.defer('streams', () => streams.close());
    logger.info({ host: config.HOST, port: listener.port, tzdataVersion }, 'service_started');
  },
});
