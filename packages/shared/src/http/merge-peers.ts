import { AggregatorRegistry } from 'prom-client';
import type { CheckState, Checks } from './health-routes';

/** One service's checks from those of its processes: what only some of them have lost is degraded. */
export function mergeChecks(all: readonly Checks[]): Checks {
  const merged: Record<string, CheckState> = {};
  for (const name of new Set(all.flatMap((checks) => Object.keys(checks)))) {
    const states = new Set(all.map((checks) => checks[name] ?? 'down'));
    merged[name] = states.size === 1 ? ([...states][0] ?? 'down') : 'degraded';
  }
  return merged;
}

/**
 * Prometheus text of a service from the registries of its processes as JSON: counters and histograms are summed, gauges
 * as their `aggregator` says.
 */
export function mergeMetrics(registries: readonly unknown[]): Promise<string> {
  return AggregatorRegistry.aggregate([...registries] as object[]).metrics();
}
