import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { waitFor } from '@streaks/testing/wait-for';
import { createEngineBench, type EngineBench } from './testing/test-engine';

jest.setTimeout(60_000);

describe('a halted partition', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('does not keep the changes of the others from the sink', async () => {
    bench = await createEngineBench(2);
    const { engine, sink } = await bench.start({ tuning: { minBadRecords: 20 } });
    const producer = await bench.producer();
    const garbage = Array.from({ length: 50 }, () => ({ partition: 0, value: 'garbage' }));
    await producer.send({ topic: bench.topic, messages: garbage });
    await waitFor(() => engine.status().partitions.get(0)?.kind === 'halted', { description: 'partition 0 to halt' });
    // Keys of every one of the four shards, all through the partition that goes on.
    const events = Array.from({ length: 40 }, (_, i) => ({ id: `e${i}`, key: `key-${i}`, amount: 1 }));
    expect(new Set(events.map(({ key }) => partitionForKey(key, 4))).size).toBe(4);
    await producer.send({
      topic: bench.topic,
      messages: events.map((event) => ({ partition: 1, key: event.key, value: JSON.stringify(event) })),
    });
    await bench.expectExactly(40);
    await waitFor(() => sink.received.length >= 40, { description: 'the sink to have every change' });
  });
});
