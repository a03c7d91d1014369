import { createFreshTopic, type FreshTopic } from '@streaks/testing/fresh-topic';
import { waitFor } from '@streaks/testing/wait-for';
import { type CounterOutput, createCounterOutput } from './testing/counter-publication';
import { createEngineBench, type EngineBench, type RunningEngine, SHARDS } from './testing/test-engine';

jest.setTimeout(120_000);

/** One with sink and publication, and beside it one that only applies: same pools, metrics and outbox, another topic. */
describe('two engines of one process', () => {
  let bench: EngineBench;
  let other: FreshTopic;
  let output: CounterOutput;
  let relaying: RunningEngine;
  let applying: RunningEngine;

  beforeEach(async () => {
    bench = await createEngineBench(3);
    other = await createFreshTopic({ partitions: 3, prefix: 'other' });
    output = await createCounterOutput(bench.database.pool, SHARDS);
    relaying = await bench.start({ publication: output.publication() });
    applying = await bench.start({ topic: other.topic, beside: relaying });
  });
  afterEach(async () => {
    await bench.close();
    await other.drop();
    await output.drop();
  });

  const received = () => new Set(relaying.sink.received.map(({ shard, seq }) => `${shard} change ${seq}`));

  const isProjected = () =>
    waitFor(
      async () =>
        (await bench.database.pool.query('SELECT FROM outbox_shard WHERE projected_seq < out_seq')).rowCount === 0,
      { description: 'the marks of the sink to reach the end', timeoutMs: 30_000 },
    );

  it('apply both topics once and in one sequence of numbers while their connections die, and the one with the outputs takes on the rows of both', async () => {
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
    const producer = await bench.producer();
    const sendBad = (topic: string) => producer.send({ topic, messages: [{ partition: 1, value: 'bad' }] });
    for (let from = 0; from < 2_000; from += 500) {
      await Promise.all([
        bench.publish(from, from + 250, { perSend: 25 }),
        bench.publish(from + 250, from + 500, { perSend: 25, topic: other.topic }),
      ]);
      await Promise.all([bench.topic, other.topic].map(sendBad));
    }
    await waitFor(() => kills > 20, { description: 'connections to die' });
    isOver = true;
    await killing;
    await bench.expectExactly(2_000);
    await isProjected();
    await output.isPublished();
    const rows = await output.storedRows();
    expect(rows.filter((row) => row.includes('letter'))).toHaveLength(8);
    expect(await output.readRows(rows.length)).toEqual(rows);
    expect([...received()].sort()).toEqual(rows.filter((row) => row.includes('change')).sort());
    expect([...relaying.fatal, ...applying.fatal]).toEqual([]);
    expect(applying.sink.received).toEqual([]);
  });

  it('show their metrics side by side, and the one that has nothing to do takes on what only the other applied', async () => {
    const producer = await bench.producer();
    await producer.send({ topic: other.topic, messages: [{ partition: 0, value: 'bad' }] });
    await bench.publish(0, 50, { topic: other.topic });
    await bench.expectExactly(50);
    await isProjected();
    await output.isPublished();
    const rows = await output.storedRows();
    expect(rows.filter((row) => row.includes('letter'))).toHaveLength(1);
    expect(await output.readRows(rows.length)).toEqual(rows);
    expect(received().size).toBe(50);
    const { metrics } = relaying;
    const topics = async (gauge: { get(): Promise<{ values: { labels: { topic?: string | number } }[] }> }) =>
      [...new Set((await gauge.get()).values.map(({ labels }) => labels.topic))].sort();
    const both = [bench.topic, other.topic].sort();
    expect(await topics(metrics.lagSeconds)).toEqual(both);
    expect(await topics(metrics.assigned)).toEqual(both);
    const records = (await metrics.records.get()).values;
    expect(new Map(records.map(({ labels, value }) => [labels.topic, value]))).toEqual(
      new Map([
        [bench.topic, 0],
        [other.topic, 51],
      ]),
    );
  });

  it('stop within one deadline while the transactions of both hang, and lose nothing', async () => {
    const blocker = await bench.database.pool.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('LOCK TABLE counters IN ACCESS EXCLUSIVE MODE');
      await Promise.all([bench.publish(0, 50), bench.publish(50, 100, { topic: other.topic })]);
      const waiting = () => blocker.query('SELECT FROM pg_locks WHERE NOT granted');
      await waitFor(async () => ((await waiting()).rowCount ?? 0) >= 2, {
        description: 'a transaction of each to wait for the lock',
        timeoutMs: 20_000,
      });
      const startedMs = performance.now();
      await Promise.all([applying.stop(), relaying.stop()]); // each with a deadline of two seconds
      expect(performance.now() - startedMs).toBeLessThan(6_000);
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    relaying = await bench.start();
    applying = await bench.start({ topic: other.topic, beside: relaying });
    await bench.expectExactly(100);
  });
});
