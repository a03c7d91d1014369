import { createTopic, withAdmin } from '@streaks/testing/fresh-topic';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../http/read-metric';
import { requestJson } from '../http/request-json';
import { sendRaw } from '../producers/raw-producer';
import { dailySession, toMessage } from '../producers/session-factory';
import { waitUntilApplied } from '../state/wait-until-applied';

describe('a topic that is deleted and created again', () => {
  let pipeline: Pipeline;

  beforeAll(async () => {
    pipeline = await startPipeline({ partitions: 2 });
  }, 60_000);

  afterAll(() => pipeline?.stop(), 60_000);

  it('is noticed by a running processor: its partitions halt, health and metrics name the reason, and nothing moves any more', async () => {
    const messages = (partition: number, from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        ...toMessage(dailySession(`user-${partition}`, from + n)),
        partition,
      }));
    await sendRaw(pipeline.brokers, pipeline.topic, [...messages(0, 0, 10), ...messages(1, 0, 10)]);
    await waitUntilApplied(pipeline);

    await withAdmin(pipeline.brokers, (admin) => admin.deleteTopics({ topics: [pipeline.topic] }));
    await waitFor(() => createTopic(pipeline.brokers, pipeline.topic, 2).then(() => true), {
      description: 'the topic to be created again',
    });
    // More records than before: the old position exists in the new log and would be read from silently.
    await sendRaw(pipeline.brokers, pipeline.topic, [...messages(0, 10, 20), ...messages(1, 10, 20)]);

    const [processor] = pipeline.processors;
    if (processor === undefined) throw new Error('no processor');
    await waitFor(
      async () =>
        (await readMetric(processor, 'streaks_processor_halted_partitions', {
          topic: pipeline.topic,
          reason: 'TOPIC_RECREATED',
        })) === 2,
      { description: 'both partitions to be halted', timeoutMs: 60_000 },
    );
    const { body } = await requestJson(`${processor.url}/health`);
    expect(JSON.stringify(body)).toContain('TOPIC_RECREATED');
    const readPositions = async () =>
      (
        await pipeline.pool.query(
          'SELECT halt_reason, next_offset FROM partition_progress WHERE topic = $1 ORDER BY partition',
          [pipeline.topic],
        )
      ).rows;
    const positions = await readPositions();
    expect(positions.map(({ halt_reason }) => halt_reason)).toEqual(['TOPIC_RECREATED', 'TOPIC_RECREATED']);
    await sendRaw(pipeline.brokers, pipeline.topic, [...messages(0, 30, 5), ...messages(1, 30, 5)]);
    await pipeline.addProcessor();
    await waitFor(
      async () =>
        (await readMetric(processor, 'streaks_processor_assigned_partitions', { topic: pipeline.topic })) === 1,
      {
        description: 'the partitions to be shared with another processor',
        timeoutMs: 40_000,
      },
    );
    expect(await readPositions()).toEqual(positions);
  }, 120_000);
});

describe('a log that lost records of one partition', () => {
  let pipeline: Pipeline;

  beforeAll(async () => {
    pipeline = await startPipeline({ processors: 0, partitions: 2 });
  }, 60_000);

  afterAll(() => pipeline?.stop(), 60_000);

  it('halts that partition with the reason, and the other goes on', async () => {
    const [lost, kept] = [0, 1];
    const send = (partition: number, n: number) =>
      sendRaw(pipeline.brokers, pipeline.topic, [{ ...toMessage(dailySession(`user-${partition}`, n)), partition }]);
    const first = await pipeline.addProcessor();
    await send(lost, 0);
    await send(kept, 0);
    await waitUntilApplied(pipeline);
    await first.stop();
    await send(lost, 1);
    await send(lost, 2);
    await withAdmin(pipeline.brokers, async (admin) => {
      // kafkajs deletes only from topics whose metadata it has.
      await admin.fetchTopicOffsets(pipeline.topic);
      await admin.deleteTopicRecords({ topic: pipeline.topic, partitions: [{ partition: lost, offset: '3' }] });
    });

    const second = await pipeline.addProcessor({ untilReady: false });
    await send(kept, 1);
    await waitFor(
      async () =>
        (await readMetric(second, 'streaks_processor_halted_partitions', { reason: 'POSITION_BELOW_LOG_START' })) === 1,
      { description: 'the partition to be halted', timeoutMs: 40_000 },
    );
    await waitFor(
      async () => {
        const { rows } = await pipeline.pool.query<{ count: number }>(
          'SELECT count(*)::int AS count FROM focus_sessions',
        );
        return rows[0]?.count === 3;
      },
      { description: 'the session in the other partition', timeoutMs: 20_000 },
    );
  }, 120_000);
});
