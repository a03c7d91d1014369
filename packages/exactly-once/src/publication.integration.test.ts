import { waitFor } from '@streaks/testing/wait-for';
import type { PublicationStep } from './publish/publisher-options';
import { createPublicationBench, firstRows, type PublicationBench } from './testing/publication-bench';
import { createRequestCutter, type KafkaRequest } from './testing/request-cutter';

jest.setTimeout(60_000);

/** On real servers: what a read_committed reader of the topic sees is each row of the outbox, once, in order. */
describe('the publication', () => {
  let bench: PublicationBench;
  let release: () => void = () => undefined;
  afterEach(async () => {
    release();
    await bench.close();
  });

  const steps: readonly PublicationStep[] = [
    'P1_OPENED',
    'P2_MARK_READ',
    'P3_TAKEN',
    'P4_SENT',
    'P5_MARK_SENT',
    'P6_COMMITTED',
    'P7_MARK_MOVED',
  ];
  it.each(steps)('goes on with a successor after a publisher stood still at %s, which then wakes up', async (died) => {
    bench = await createPublicationBench(1);
    await bench.commit(100);
    const asleep = new Promise<void>((resolve) => {
      release = resolve;
    });
    let hasDied = false;
    const dead = bench.start({
      tuning: { maxTransactionRows: 40 },
      onStep: (step) => {
        if (step !== died) return undefined;
        hasDied = true;
        return asleep;
      },
    });
    dead.publisher.setShards([0]);
    await waitFor(() => hasDied, { description: `the first one to reach ${died}` });
    bench.start().publisher.setShards([0]);
    await bench.commit(50);
    await bench.isPublished();
    release();
    dead.publisher.setShards([]);
    await bench.commit(50);
    await bench.isPublished();
    expect(await bench.readChanges()).toEqual([firstRows(200)]);
  });

  const requests: readonly KafkaRequest[] = [
    'InitProducerId',
    'OffsetFetch',
    'AddPartitionsToTxn',
    'Produce',
    'AddOffsetsToTxn',
    'TxnOffsetCommit',
    'EndTxn',
  ];
  describe.each(requests)('when %s', (request) => {
    it.each(['request', 'reply'] as const)('loses its %s, repeats and loses no row', async (lost) => {
      bench = await createPublicationBench(1);
      const cutter = createRequestCutter();
      const { publisher } = bench.start({ socketFactory: cutter.socketFactory });
      cutter.cut(request, lost, 1);
      publisher.setShards([0]);
      for (let i = 0; i < 4; i++) {
        publisher.offer(await bench.commit(10));
        await bench.isPublished();
        if (i > 0) cutter.cut(request, lost, 1);
      }
      publisher.offer(await bench.commit(10));
      await bench.isPublished();
      expect(cutter.cuts).toBeGreaterThan(0);
      expect(await bench.readChanges()).toEqual([firstRows(50)]);
    });
  });

  it('has two publishers of the same shards fence each other, without a row twice', async () => {
    bench = await createPublicationBench(2);
    const both = [bench.start(), bench.start()];
    for (const { publisher } of both) publisher.setShards([0, 1]);
    for (let i = 0; i < 15; i++) {
      for (const shard of [0, 1]) {
        const handover = await bench.commit(20, { shard });
        for (const { publisher } of both) publisher.offer(handover);
      }
    }
    await Promise.all([bench.isPublished(0), bench.isPublished(1)]);
    const fenced = both.flatMap(({ errors }) => errors).filter((error) => /epoch|fenced/i.test(String(error)));
    expect(fenced.length).toBeGreaterThan(0);
    both[1]?.publisher.setShards([]);
    expect(await bench.readChanges()).toEqual([firstRows(300), firstRows(300)]);
  });

  it("ignores an offset of its group that is not the publication's, with an alarm", async () => {
    bench = await createPublicationBench(1);
    await bench.commit(20);
    await bench.setOffset('15');
    const { publisher, told } = bench.start();
    publisher.setShards([0]);
    await bench.isPublished();
    expect(told).toEqual([expect.stringMatching(/^ignored 0 offset 15/)]);
    expect(await bench.readChanges()).toEqual([firstRows(20)]);
  });

  it('halts when Postgres was restored from before what was published', async () => {
    bench = await createPublicationBench(1);
    await bench.commit(20);
    const first = bench.start();
    first.publisher.setShards([0]);
    await bench.isPublished();
    await first.publisher.close(5_000);
    await bench.database.pool.query('DELETE FROM counter_outbox WHERE seq > 12');
    await bench.database.pool.query('UPDATE outbox_shard SET published_seq = 10, out_seq = 12');
    const { publisher } = bench.start();
    publisher.setShards([0]);
    await waitFor(async () => (await bench.shardRow())['halt_reason'] === 'MARK_BEYOND_OUTBOX', {
      description: 'the shard to halt',
    });
    expect((await bench.shardRow())['halt_detail']).toContain('20');
  });

  it('halts at a record that Kafka refuses, named, with all before it published', async () => {
    bench = await createPublicationBench(1, { 'max.message.bytes': '2000' });
    await bench.commit(10);
    await bench.commit(1, { value: 'x'.repeat(3_000) });
    await bench.commit(10);
    const { publisher } = bench.start();
    publisher.setShards([0]);
    await waitFor(async () => (await bench.shardRow())['halt_reason'] === 'OUTPUT_REFUSED', {
      description: 'the shard to halt',
      timeoutMs: 20_000,
    });
    expect((await bench.shardRow())['halt_detail']).toMatch(/^row 11 of the outbox/);
    await waitFor(async () => (await bench.shardRow())['published_seq'] === '10', {
      description: 'the mark to follow',
    });
    await bench.database.pool.query('UPDATE outbox_shard SET published_seq = 11, halt_reason = NULL');
    await bench.isPublished();
    expect(await bench.readChanges()).toEqual([firstRows(21).filter((value) => value !== '11')]);
  });
});
