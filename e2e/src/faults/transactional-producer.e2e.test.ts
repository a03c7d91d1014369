import type { ReferenceSession } from '@streaks/testing/reference-fold';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../http/read-metric';
import { withProducer } from '../producers/raw-producer';
import { dailySession, toMessage } from '../producers/session-factory';
import { stateFaults } from '../state/state-faults';
import { waitUntilApplied } from '../state/wait-until-applied';

const TRANSACTIONS = 200;

describe('a transactional producer with one record a transaction', () => {
  let pipeline: Pipeline;
  const committed: ReferenceSession[] = [];

  beforeAll(async () => {
    pipeline = await startPipeline({ partitions: 2 });
    const plan = Array.from({ length: TRANSACTIONS }, (_, n) => dailySession(`user-${n % 20}`, Math.floor(n / 20)));
    for (let from = 0; from < plan.length; from += 7) {
      const [aborted, ...rest] = plan.slice(from, from + 7);
      if (aborted !== undefined) await sendAborted(aborted);
      await sendCommitted(rest);
    }
    await sendInterleavedAborts();
  }, 120_000);

  afterAll(() => pipeline?.stop(), 60_000);

  const send = (transactionalId: string, use: Parameters<typeof withProducer<void>>[1]): Promise<void> =>
    withProducer(pipeline.brokers, use, `${pipeline.topic}-${transactionalId}`);

  // kafkajs must not go on with a producer after an abort, so each abort has its own.
  const sendAborted = (session: ReferenceSession): Promise<void> =>
    send('one', async (producer) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: pipeline.topic, messages: [toMessage(session)] });
      await transaction.abort();
    });

  const sendCommitted = (sessions: readonly ReferenceSession[]): Promise<void> =>
    send('one', async (producer) => {
      for (const session of sessions) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: pipeline.topic, messages: [toMessage(session)] });
        await transaction.commit();
        committed.push(session);
      }
    });

  /** Three transactions open at once in both partitions; the first to begin is the last to be aborted. */
  const sendInterleavedAborts = (): Promise<void> =>
    send('first', (first) =>
      send('second', (second) =>
        send('third', async (third) => {
          const [a, b, c] = [await first.transaction(), await second.transaction(), await third.transaction()];
          for (let n = 100; n < 110; n += 1) {
            for (const [transaction, name] of [
              [a, 'a'],
              [b, 'b'],
              [c, 'c'],
            ] as const) {
              for (const partition of [0, 1]) {
                const session = dailySession(`${name}-${partition}`, n);
                await transaction.send({ topic: pipeline.topic, messages: [{ ...toMessage(session), partition }] });
                if (name === 'b') committed.push(session);
              }
            }
          }
          await c.abort();
          await b.commit();
          await a.abort();
        }),
      ),
    );

  it('has every committed session applied, no aborted one, and the lag ends at 0', async () => {
    await waitUntilApplied(pipeline);
    expect(await stateFaults(pipeline, committed)).toEqual([]);
    const [processor] = pipeline.processors;
    if (processor === undefined) throw new Error('no processor');
    await waitFor(async () => (await readMetric(processor, 'streaks_processor_lag_records')) === 0, {
      description: 'the lag to be shown as 0',
    });
  }, 60_000);

  it('counts no fence and no refused position', async () => {
    const [processor] = pipeline.processors;
    if (processor === undefined) throw new Error('no processor');
    expect(await readMetric(processor, 'streaks_processor_fences_total')).toBe(0);
    expect(await readMetric(processor, 'streaks_processor_refused_positions_total')).toBe(0);
  });
});
