import { collectDefaultMetrics, Registry } from 'prom-client';

/** A metrics registry of one service, with the process's own metrics (memory, event loop, collector) in it. */
export function createRegistry(serviceName: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: serviceName });
  collectDefaultMetrics({ register: registry });
  return registry;
}
