import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../http/read-metric';
import { generateLoad } from '../load/generate-load';
import { type PacedSender, startPacedSender } from '../load/paced-sender';
import { createKafkajsProducer } from '../producers/kafkajs-producer';
import type { SessionProducer } from '../producers/session-producer';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';

const load = generateLoad({ records: 6_000, users: 500, days: 20, duplicateShare: 0.03, lateShare: 0.05, seed: 3 });

describe('processors that join and leave in order', () => {
  let pipeline: Pipeline;
  let sender: PacedSender | undefined;
  let producer: SessionProducer | undefined;

  beforeAll(async () => {
    pipeline = await startPipeline({ partitions: 4 });
  }, 60_000);

  afterAll(async () => {
    sender?.abandon();
    await sender?.done.catch(() => undefined);
    await producer?.close();
    await pipeline?.stop();
  }, 60_000);

  it('share the partitions and lose and repeat nothing', async () => {
    const registryUrl = pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '';
    producer = await createKafkajsProducer({ brokers: pipeline.brokers, registryUrl, topic: pipeline.topic });
    sender = startPacedSender([producer], load.records, { durationMs: 30_000, chunkRecords: 100 });
    const [first] = pipeline.processors;
    const second = await pipeline.addProcessor();
    if (first === undefined) throw new Error('no processor');
    await untilPartitions(first, 2);
    await untilPartitions(second, 2);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    await untilPartitions(second, 4);
    const third = await pipeline.addProcessor();
    await untilPartitions(third, 2);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    await untilPartitions(third, 4);
    sender.hurry();
    await sender.done;
    await waitUntilApplied(pipeline);
    expect(await stateFaults(pipeline, load.records)).toEqual([]);
  }, 120_000);

  const untilPartitions = (processor: { readonly url: string }, count: number): Promise<unknown> =>
    waitFor(
      async () =>
        (await readMetric(processor, 'streaks_processor_assigned_partitions', {
          topic: pipeline.topic,
          state: 'active',
        })) === count,
      { description: `${count} active partitions`, timeoutMs: 40_000 },
    );
});
