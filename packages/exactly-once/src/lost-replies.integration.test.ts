import { waitFor } from '@streaks/testing/wait-for';
import { type CommitCutter, createCommitCutter } from './testing/commit-cutter';
import { createEngineBench, type EngineBench } from './testing/test-engine';

jest.setTimeout(60_000);

describe('a COMMIT without an answer', () => {
  let bench: EngineBench;
  let cutter: CommitCutter;
  beforeEach(async () => {
    bench = await createEngineBench(2);
    cutter = await createCommitCutter(bench.database.url);
  });
  afterEach(async () => {
    await bench.close();
    await cutter.close();
  });

  it.each([
    ['reply', 'committed'],
    ['request', 'not-committed'],
  ] as const)('is settled by reading the position when the %s was lost', async (what, outcome) => {
    const { metrics, sink } = await bench.start({ databaseUrl: cutter.url });
    await bench.publish(0, 100);
    await bench.expectExactly(100);
    cutter.cut(what, 3);
    await bench.publish(100, 400, { perSend: 20 });
    await bench.expectExactly(400);
    expect(cutter.cuts).toBe(3);
    const settled = (await metrics.ambiguousCommits.get()).values;
    expect(settled).toEqual([expect.objectContaining({ labels: { topic: bench.topic, outcome }, value: 3 })]);
    // What was handed over only after it was settled still reaches the sink.
    await waitFor(() => new Set(sink.received.map((row) => `${row.shard}:${row.seq}`)).size === 400, {
      description: 'the sink to have every change',
    });
  });
});
