import { waitFor } from '@streaks/testing/wait-for';
import type { ApplyStep } from './apply/apply-batches';
import { createEngineBench, type EngineBench } from './testing/test-engine';

jest.setTimeout(90_000);

describe('an engine', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('applies every record once, hands every change to the sink in order and mirrors its position to the group', async () => {
    bench = await createEngineBench(6);
    const { sink, engine } = await bench.start();
    await bench.publish(0, 5_000);
    await bench.expectExactly(5_000);
    await waitFor(() => sink.received.length === 5_000, { description: 'the sink to have every change' });
    for (let shard = 0; shard < 4; shard++) {
      const seqs = sink.received.filter((row) => row.shard === shard).map((row) => row.seq);
      expect(seqs).toEqual(seqs.map((_, i) => BigInt(i + 1)));
    }
    await waitFor(() => engine.status().lagRecords === 0n, { description: 'no lag' });
    await waitFor(
      async () => {
        const { rows } = await bench.database.pool.query('SELECT sum(projected_seq)::int n FROM outbox_shard');
        return rows[0]?.n === 5_000;
      },
      { description: 'the marks to reach the end' },
    );
  });

  it.each<ApplyStep>(['B3_LOCKED', 'B4_APPLIED', 'B5_NUMBERED', 'B6_ADVANCED', 'B7_COMMITTED'])(
    'loses and repeats nothing when the connection dies at %s',
    async (step) => {
      bench = await createEngineBench(3);
      let deaths = 0;
      const { fatal } = await bench.start({
        onStep: async (at, client) => {
          if (at !== step || !client || deaths >= 5) return;
          deaths++;
          const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
          await bench.database.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
        },
      });
      await bench.publish(0, 300, { perSend: 30 });
      await bench.expectExactly(300);
      expect(deaths).toBeGreaterThan(0);
      expect(fatal).toEqual([]);
    },
  );

  it('shares the partitions when others join and leave, and loses and repeats nothing', async () => {
    bench = await createEngineBench(8);
    const first = await bench.start();
    const publishing = bench.publish(0, 3_000, { perSend: 100 });
    const second = await bench.start();
    const hasHalf = ({ engine }: typeof first) =>
      waitFor(() => engine.status().partitions.size === 4, { description: 'half the partitions', timeoutMs: 30_000 });
    await hasHalf(second);
    await bench.publish(3_000, 6_000, { perSend: 100 });
    await waitFor(() => second.committedEvents() > 0, { description: 'the second engine to apply', timeoutMs: 30_000 });
    await first.stop();
    const third = await bench.start();
    await bench.publish(6_000, 8_000, { perSend: 100 });
    await publishing;
    await bench.expectExactly(8_000);
    await hasHalf(third);
  });

  it('fences a deposed owner that still believes in its partitions', async () => {
    bench = await createEngineBench(2);
    const one = await bench.start({ groupId: 'one' });
    await bench.publish(0, 500);
    await bench.expectExactly(500);
    // Another group: Kafka sees no rival, as with an owner that was stopped for longer than its session.
    const other = await bench.start({ groupId: 'other' });
    await waitFor(() => other.engine.status().partitions.size === 2, { description: 'the rival to claim' });
    await bench.publish(500, 2_500, { perSend: 50 });
    await bench.expectExactly(2_500);
    const fences = async ({ metrics }: typeof one) => (await metrics.fences.get()).values[0]?.value ?? 0;
    expect((await fences(one)) + (await fences(other))).toBeGreaterThan(0);
    expect(one.committedEvents() + other.committedEvents()).toBe(2_500);
  });
});
