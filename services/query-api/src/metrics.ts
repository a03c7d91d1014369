import { Counter, Gauge, type Registry } from 'prom-client';
import type { StoreName } from './stores/store-circuit';

/** The metrics of query-api besides those of HTTP. */
export function createQueryMetrics(registry: Registry) {
  const registers = [registry];
  return {
    reads: new Counter({
      name: 'streaks_query_reads_total',
      help: 'Streak states read, by the store that answered. A rising share of postgres means that Redis is away or being refilled.',
      labelNames: ['source'] as const satisfies readonly string[],
      registers,
    }),
    refills: new Counter({
      name: 'streaks_query_refills_total',
      help: 'States found in Postgres and offered back to Redis, by result. stale: the relay was faster (fine). failed or dropped: Redis is away or too slow.',
      labelNames: ['result'] as const satisfies readonly string[],
      registers,
    }),
    outages: new Counter({
      name: 'streaks_query_store_outages_total',
      help: 'How often a store was given up for a moment after failing several times in a row. Look at the health of that store.',
      labelNames: ['store'] as const satisfies readonly string[],
      registers,
    }),
    storeUp: new Gauge({
      name: 'streaks_query_store_up',
      help: '1 while a store is asked, 0 while it is given up and only probed. Alert when 0 for a minute. The least of all processes.',
      aggregator: 'min',
      labelNames: ['store'] as const satisfies readonly string[],
      registers,
    }),
  };
}

export type QueryMetrics = ReturnType<typeof createQueryMetrics>;

/** Tells the metrics that a store was given up, or is asked again. */
export function recordStoreState(metrics: QueryMetrics, store: StoreName, isUp: boolean): void {
  metrics.storeUp.set({ store }, isUp ? 1 : 0);
  if (!isUp) {
    metrics.outages.inc({ store });
  }
}
