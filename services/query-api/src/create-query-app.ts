import { problem } from '@streaks/shared/errors/problem';
import { createHttpApp } from '@streaks/shared/http/create-app';
import type { CheckState } from '@streaks/shared/http/health-routes';
import { createOpenApiRoutes } from '@streaks/shared/http/openapi/openapi-routes';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { ServicePeers } from '@streaks/shared/lifecycle/cluster/service-peers';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { BoardReader } from '@streaks/shared/redis/boards/board-reader';
import type { StreakStore } from '@streaks/shared/redis/streaks/streak-store';
import type { ErrorRequestHandler, Express } from 'express';
import type { Registry } from 'prom-client';
import { createLeaderboardReader } from './boards/leaderboard-reader';
import { addLeaderboardRoutes } from './boards/leaderboard-routes';
import { addDayRoutes } from './days/day-routes';
import { addEventRoutes } from './events/event-routes';
import { addFriendRoutes } from './friends/friend-routes';
import { addHistoryRoute } from './history/history-route';
import type { QueryMetrics } from './metrics';
import { queryApiDocument } from './openapi';
import type { ReadModel } from './stores/read-model';
import { type StoreCircuit, StoreUnavailable } from './stores/store-circuit';
import { createRefiller, type Refiller } from './streaks/reading/refiller';
import { createStreakReader } from './streaks/reading/streak-reader';
import type { DefaultTargets } from './streaks/rules';
import { addStreakRoutes } from './streaks/streak-routes';
import { createStreamHub, type StreamHub, type StreamLimits } from './stream/stream-hub';
import { addStreamRoute } from './stream/stream-route';

export interface QueryAppOptions {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly metrics: QueryMetrics;
  readonly clock: Clock;
  readonly store: StreakStore;
  readonly redisCircuit: StoreCircuit;
  readonly pingRedis: () => Promise<unknown>;
  readonly readModel: ReadModel;
  readonly boards: { readonly redis: BoardReader; readonly postgres: BoardReader };
  readonly targets: DefaultTargets;
  readonly streamLimits: StreamLimits;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** The other processes of the service. */
  readonly peers?: ServicePeers | undefined;
  /** Release of the tz database in use, shown by `/health`. */
  readonly tzdataVersion: string;
}

export interface QueryApp {
  readonly app: Express;
  readonly refiller: Refiller;
  /** To be closed before the server stops listening. */
  readonly streams: StreamHub;
}

/** All routes of query-api on given stores; it does not listen. */
export function createQueryApp(options: QueryAppOptions): QueryApp {
  const { logger, metrics, store, redisCircuit, readModel, clock, targets, monotonicMs } = options;
  const refiller = createRefiller({
    store,
    circuit: redisCircuit,
    metrics,
    onError: (error) => logger.error({ err: error }, 'refill_failed'),
  });
  const streaks = createStreakReader({ store, redisCircuit, readModel, refiller, metrics });
  const boards = createLeaderboardReader({
    redisBoards: options.boards.redis,
    redisCircuit,
    postgresBoards: options.boards.postgres,
    metrics,
  });
  const hub = createStreamHub({
    readModel,
    metrics,
    limits: options.streamLimits,
    monotonicMs,
    onError: (error) => logger.error({ err: error }, 'stream_look_failed'),
  });
  const app = createHttpApp({
    logger,
    registry: options.registry,
    serviceName: 'query-api',
    peers: options.peers,
    routes(router) {
      addLeaderboardRoutes(router, { boards, clock });
      addStreakRoutes(router, { streaks, readModel, targets, clock });
      addDayRoutes(router, { readModel, targets, clock });
      addHistoryRoute(router, readModel);
      addStreamRoute(router, { hub, readModel, monotonicMs });
      addFriendRoutes(router, { streaks, readModel, clock });
      addEventRoutes(router, readModel);
      createOpenApiRoutes(router, queryApiDocument);
      router.use(answerUnavailable);
    },
    async readiness() {
      const [redis, postgres] = await Promise.all([
        stateOf(() => redisCircuit.run(options.pingRedis)),
        stateOf(() => readModel.ping()),
      ]);
      return { redis, postgres };
    },
    // Either store alone still answers streaks; taking the process out of rotation for one would turn slow into dead.
    isReady: (checks) => Object.values(checks).some((state) => state === 'up'),
    liveness: () => true,
    info: { tzdataVersion: options.tzdataVersion },
  });
  return { app, refiller, streams: hub };
}

const answerUnavailable: ErrorRequestHandler = (error: unknown, _request, _response, next) => {
  next(
    error instanceof StoreUnavailable
      ? problem({ code: 'STREAKS_STORE_UNAVAILABLE', detail: error.message, headers: { 'Retry-After': '1' } })
      : error,
  );
};

async function stateOf(ask: () => Promise<unknown>): Promise<CheckState> {
  try {
    await ask();
    return 'up';
  } catch {
    return 'down';
  }
}
