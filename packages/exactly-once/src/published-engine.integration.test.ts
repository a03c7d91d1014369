import { type CounterOutput, createCounterOutput } from './testing/counter-publication';
import { createEngineBench, type EngineBench, SHARDS } from './testing/test-engine';

jest.setTimeout(90_000);

/** From the input topic through Postgres to the output topic. */
describe('an engine that publishes', () => {
  let bench: EngineBench;
  let output: CounterOutput;
  afterEach(async () => {
    await bench.close();
    await output.drop();
  });

  it('brings every change and every dead letter to a read_committed reader once, in number order, across takeovers', async () => {
    bench = await createEngineBench(4);
    output = await createCounterOutput(bench.database.pool, SHARDS);
    const start = () => bench.start({ publication: output.publication(), tuning: { maxBadShare: 1 } });
    const first = await start();
    const producer = await bench.producer();
    await bench.publish(0, 300, { perSend: 50 });
    await producer.send({
      topic: bench.topic,
      messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'bad' })),
    });
    await bench.expectExactly(300);
    const second = await start();
    await bench.publish(300, 600, { perSend: 50 });
    await first.stop();
    await bench.publish(600, 900, { perSend: 50 });
    await bench.expectExactly(900);
    const rows = await output.storedRows();
    await output.isPublished();
    expect(await output.readRows(rows.length)).toEqual(rows);
    expect(rows.filter((row) => row.includes('letter'))).toHaveLength(4);
    expect([...first.fatal, ...second.fatal]).toEqual([]);
  });
});
