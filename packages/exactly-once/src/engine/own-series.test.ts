import { Gauge } from 'prom-client';
import { createOwnSeries } from './own-series';

it('replaces what one engine shows and leaves alone what another does', async () => {
  const gauge = new Gauge({ name: 'lag', help: 'Lag.', labelNames: ['topic', 'partition'], registers: [] });
  const sample = (topic: string, partition: number, value: number) => ({
    labels: { topic, partition: String(partition) },
    value,
  });
  const shown = async () =>
    (await gauge.get()).values.map(({ labels, value }) => `${labels.topic}/${labels.partition}=${value}`).sort();
  const [one, other] = [createOwnSeries(gauge), createOwnSeries(gauge)];
  one([sample('a', 0, 5), sample('a', 1, 7)]);
  other([sample('b', 0, 9)]);
  expect(await shown()).toEqual(['a/0=5', 'a/1=7', 'b/0=9']);
  one([sample('a', 1, 8)]);
  expect(await shown()).toEqual(['a/1=8', 'b/0=9']);
  one([]);
  expect(await shown()).toEqual(['b/0=9']);
});
