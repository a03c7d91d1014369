import { problem } from '@streaks/shared/errors/problem';
import { createHttpApp } from '@streaks/shared/http/create-app';
import type { CheckState } from '@streaks/shared/http/health-routes';
import type { Clock } from '@streaks/shared/lifecycle/clock';
import type { ServicePeers } from '@streaks/shared/lifecycle/cluster/service-peers';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { StreakStore } from '@streaks/shared/redis/streak-store';
import type { ErrorRequestHandler, Express } from 'express';
import type { Registry } from 'prom-client';
import { addDailyTotalsRoute } from './http/daily-totals-route';
import { addSessionRoute } from './http/session-route';
import { addStreakRoutes } from './http/streak-routes';
import type { QueryMetrics } from './metrics';
import type { ReadModel } from './stores/read-model';
import { type StoreCircuit, StoreUnavailable } from './stores/store-circuit';
import { createRefiller, type Refiller } from './streaks/refiller';
import { FOCUS_RULE_ID } from './streaks/rules';
import { createStreakReader } from './streaks/streak-reader';

export interface QueryAppOptions {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly metrics: QueryMetrics;
  readonly clock: Clock;
  readonly store: StreakStore;
  readonly redisCircuit: StoreCircuit;
  readonly pingRedis: () => Promise<unknown>;
  readonly readModel: ReadModel;
  readonly focusTargetMs: number;
  /** The other processes of the service. */
  readonly peers?: ServicePeers | undefined;
  /** Release of the tz database in use, shown by `/health`. */
  readonly tzdataVersion: string;
}

export interface QueryApp {
  readonly app: Express;
  readonly refiller: Refiller;
}

/** All routes of query-api on given stores; it does not listen. */
export function createQueryApp(options: QueryAppOptions): QueryApp {
  const { logger, metrics, store, redisCircuit, readModel } = options;
  const refiller = createRefiller({
    store,
    circuit: redisCircuit,
    metrics,
    onError: (error) => logger.error({ err: error }, 'refill_failed'),
  });
  const streaks = createStreakReader({ store, redisCircuit, readModel, refiller, metrics });
  const focus = { id: FOCUS_RULE_ID, targetMs: options.focusTargetMs };
  const app = createHttpApp({
    logger,
    registry: options.registry,
    serviceName: 'query-api',
    peers: options.peers,
    routes(router) {
      addStreakRoutes(router, { streaks, readModel, rules: [focus], clock: options.clock });
      addDailyTotalsRoute(router, { readModel, focus });
      addSessionRoute(router, readModel);
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
  return { app, refiller };
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
