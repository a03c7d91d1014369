import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { pino } from 'pino';
import { createEngineBench, type EngineBench, eventOf } from './testing/test-engine';

jest.setTimeout(90_000);

describe('an engine under hostile conditions', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('shares 12 partitions with a rival of another group while its connections die, and counts each event once', async () => {
    bench = await createEngineBench(12);
    const engines = [await bench.start({ groupId: 'one' }), await bench.start({ groupId: 'two' })];
    let kills = 0;
    let isOver = false;
    const killing = (async () => {
      while (!isOver) {
        const { rowCount } = await bench.database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'engine' ORDER BY random() LIMIT 1`,
        );
        kills += rowCount ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 60)); // the pace of the outages
      }
    })();
    await bench.publish(0, 5_000, { perSend: 100 });
    await waitFor(() => kills > 20, { description: 'connections to die' });
    isOver = true;
    await killing;
    await bench.expectExactly(5_000);
    expect(engines.flatMap(({ fatal }) => fatal)).toEqual([]);
  });

  it('applies a fetch of 20,000 records in slices', async () => {
    bench = await createEngineBench(1);
    const producer = await bench.producer();
    await producer.send({
      topic: bench.topic,
      messages: Array.from({ length: 20_000 }, (_, i) => ({
        partition: 0,
        key: 'k',
        value: JSON.stringify(eventOf(i)),
      })),
    });
    const { metrics } = await bench.start({ tuning: { maxBatchRecords: 3_000 } });
    await bench.expectExactly(20_000);
    await waitFor(async () => (await metrics.records.get()).values[0]?.value === 20_000, { description: 'the count' });
    expect((await metrics.batches.get()).values[0]?.value).toBeGreaterThanOrEqual(7);
  });

  it('does not rebuild its consumer for a transaction that a producer leaves open', async () => {
    bench = await createEngineBench(2);
    const running = await bench.start({ tuning: { stallMs: 500 } });
    await bench.publish(0, 100);
    await bench.expectExactly(100);
    const kafka = createKafka({
      brokers: kafkaBrokers(stackAddresses()),
      clientId: 'upstream',
      logger: pino({ level: 'silent' }),
    });
    const producer = kafka.producer({
      transactionalId: `${bench.topic}-open`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({
      topic: bench.topic,
      messages: [{ partition: 0, key: 'k', value: JSON.stringify(eventOf(100)) }],
    });
    // Brokers tell our admin client the end of what may be read, so that what is open is no lag and no stall.
    const untilMs = performance.now() + 3_000;
    await waitFor(() => performance.now() > untilMs, { description: 'several times what counts as a stall' });
    expect(running.engine.status().lagRecords).toBe(0n);
    expect((await running.metrics.rebuilds.get()).values[0]?.value ?? 0).toBe(0);
    await transaction.commit();
    await producer.disconnect();
    await bench.expectExactly(101);
    expect(running.fatal).toEqual([]);
  });
});
