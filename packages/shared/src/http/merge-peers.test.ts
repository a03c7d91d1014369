import { Counter, Gauge, Registry } from 'prom-client';
import { mergeChecks, mergeMetrics } from './merge-peers';

describe('mergeChecks', () => {
  it('calls degraded what only some processes have lost, and down what all have', () => {
    expect(
      mergeChecks([
        { kafka: 'up', redis: 'up', registry: 'down' },
        { kafka: 'up', redis: 'down', registry: 'down' },
      ]),
    ).toEqual({ kafka: 'up', redis: 'degraded', registry: 'down' });
    expect(mergeChecks([{ kafka: 'up' }, {}])).toEqual({ kafka: 'degraded' });
  });
});

describe('mergeMetrics', () => {
  it('sums counters by their labels and takes gauges as they say', async () => {
    const registries = [1, 0].map((up) => {
      const registry = new Registry();
      registry.setDefaultLabels({ service: 's' });
      const reads = new Counter({ name: 'reads', help: 'h', labelNames: ['source'], registers: [registry] });
      reads.inc({ source: 'redis' }, 2);
      new Gauge({ name: 'store_up', help: 'h', aggregator: 'min', registers: [registry] }).set(up);
      return registry;
    });
    const text = await mergeMetrics(await Promise.all(registries.map((registry) => registry.getMetricsAsJSON())));
    expect(text).toContain('reads{source="redis",service="s"} 4');
    expect(text).toContain('store_up{service="s"} 0');
  });
});
