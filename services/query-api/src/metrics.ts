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
    boardReads: new Counter({
      name: 'streaks_query_board_reads_total',
      help: 'Pages of leaderboards, by the store that answered. Those of postgres are dearer: Redis is away, its boards are being filled, or LEADERBOARDS is 0.',
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
    streams: new Gauge({
      name: 'streaks_query_streams',
      help: 'Event streams that are open. Near EVENT_STREAMS_MAX times the processes, further ones are refused: add processes.',
      registers,
    }),
    streamsEnded: new Counter({
      name: 'streaks_query_streams_ended_total',
      help: 'Event streams that ended. client: it went. age: EVENT_STREAM_MAX_SECONDS passed. slow: it did not read and was cut off. shutdown: the service stopped.',
      labelNames: ['reason'] as const satisfies readonly string[],
      registers,
    }),
    streamEvents: new Counter({
      name: 'streaks_query_stream_events_total',
      help: 'Events written to streams.',
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
