import { createTopic, withAdmin } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { Kafka, logLevel } from 'kafkajs';
import type { HaltReason } from './assignment/owned-partition';
import { createEngineBench, type EngineBench, eventOf, type RunningEngine } from './testing/test-engine';

jest.setTimeout(60_000);

const brokers = kafkaBrokers(stackAddresses());
const stateOf = ({ engine }: RunningEngine, partition: number) => engine.status().partitions.get(partition);
const untilHalted = (running: RunningEngine, partition: number, reason: HaltReason) =>
  waitFor(() => stateOf(running, partition)?.kind === 'halted', {
    description: `partition ${partition} to halt with ${reason}`,
    timeoutMs: 20_000,
  }).then(() => expect(stateOf(running, partition)).toMatchObject({ kind: 'halted', reason }));

describe('the log of a topic', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('may hold transactions of one record and aborted ones: nothing is fenced, the lag ends at 0', async () => {
    bench = await createEngineBench(1);
    const running = await bench.start();
    const kafka = new Kafka({
      brokers,
      clientId: 'upstream',
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 5, retries: 50 },
    });
    const producer = kafka.producer({
      transactionalId: `${bench.topic}-upstream`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (let i = 0; i < 60; i++) {
      const transaction = await producer.transaction();
      const isAborted = i % 3 === 2;
      const event = isAborted ? { ...eventOf(i), id: `aborted-${i}` } : eventOf(i);
      await transaction.send({ topic: bench.topic, messages: [{ key: event.key, value: JSON.stringify(event) }] });
      await (isAborted ? transaction.abort() : transaction.commit());
    }
    await producer.disconnect();
    await bench.expectExactly(40);
    // The last record is an aborted one and its marker: only the idle write can pass them.
    await waitFor(
      async () => {
        const { rows } = await bench.database.pool.query('SELECT next_offset::int n FROM partition_progress');
        return rows[0]?.n === 120 && running.engine.status().lagRecords === 0n;
      },
      { description: 'the position to pass the last marker' },
    );
    expect((await running.metrics.fences.get()).values[0]?.value ?? 0).toBe(0);
    expect((await running.metrics.refusedPositions.get()).values[0]?.value ?? 0).toBe(0);
  });

  it('halts a partition whose unapplied records were deleted; the others go on', async () => {
    bench = await createEngineBench(2);
    const first = await bench.start();
    await bench.publish(0, 200);
    await bench.expectExactly(200);
    await first.stop();
    await bench.publish(200, 400);
    await withAdmin(brokers, async (admin) => {
      const { high } = (await admin.fetchTopicOffsets(bench.topic)).find((o) => o.partition === 0) ?? { high: '0' };
      await admin.deleteTopicRecords({ topic: bench.topic, partitions: [{ partition: 0, offset: high }] });
    });
    const second = await bench.start();
    await untilHalted(second, 0, 'POSITION_BELOW_LOG_START');
    await waitFor(() => second.committedEvents() > 0, { description: 'partition 1 to go on' });
    const { rows } = await bench.database.pool.query(
      'SELECT partition, halt_reason FROM partition_progress ORDER BY 1',
    );
    expect(rows).toEqual([
      { partition: 0, halt_reason: 'POSITION_BELOW_LOG_START' },
      { partition: 1, halt_reason: null },
    ]);
  });

  it('halts when the topic was recreated while nobody looked, however many records the new one has', async () => {
    bench = await createEngineBench(1);
    const first = await bench.start();
    await bench.publish(0, 50);
    await bench.expectExactly(50);
    await first.stop();
    await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [bench.topic] }));
    await waitFor(() => createTopic(brokers, bench.topic, 1).then(() => true), {
      description: 'the name to be free again',
    });
    await bench.publish(1_000, 1_100);
    const second = await bench.start();
    await untilHalted(second, 0, 'TOPIC_RECREATED');
    expect(second.committedEvents()).toBe(0);
  });

  it('takes partitions added later from their first record', async () => {
    bench = await createEngineBench(1);
    const running = await bench.start({ tuning: { metadataMaxAgeMs: 500 } });
    await bench.publish(0, 20);
    await bench.expectExactly(20);
    await withAdmin(brokers, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: bench.topic, count: 2 }] }),
    );
    const producer = await bench.producer();
    await waitFor(
      () =>
        producer
          .send({ topic: bench.topic, messages: [{ partition: 1, key: 'user-0', value: JSON.stringify(eventOf(20)) }] })
          .then(() => true),
      { description: 'the new partition to take a record' },
    );
    await bench.expectExactly(21);
    expect([...running.engine.status().partitions.keys()].sort()).toEqual([0, 1]);
  });
});

describe('bad records', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('become dead letters one by one when the store refuses them, and the rest is applied', async () => {
    bench = await createEngineBench(1);
    const { metrics } = await bench.start();
    const producer = await bench.producer();
    const messages = Array.from({ length: 200 }, (_, i) => {
      const event = i % 50 === 7 ? { ...eventOf(i), key: `rich-${i}`, amount: 2_000_000 } : eventOf(i);
      return { key: event.key, value: JSON.stringify(event), headers: { trace: Buffer.from([0, 255]) } };
    });
    await producer.send({ topic: bench.topic, messages });
    await bench.expectExactly(196);
    const { rows } = await bench.database.pool.query(
      'SELECT "offset"::int AS offset, reason, detail, convert_from(value, \'UTF8\')::json AS value, headers FROM dead_letters ORDER BY 1',
    );
    expect(rows.map((row) => row.offset)).toEqual([7, 57, 107, 157]);
    expect(rows[0]).toMatchObject({
      reason: 'REFUSED_BY_STORE',
      detail: expect.stringContaining('23514'),
      value: { id: 'e7' },
      headers: { trace: ['AP8='] },
    });
    expect((await metrics.deadLetters.get()).values).toEqual([
      expect.objectContaining({ labels: { topic: bench.topic, reason: 'REFUSED_BY_STORE' }, value: 4 }),
    ]);
  });

  it('halt their partition past a share, instead of draining the topic into dead letters', async () => {
    bench = await createEngineBench(2);
    const running = await bench.start({ tuning: { minBadRecords: 50, maxBadShare: 0.5 } });
    const producer = await bench.producer();
    const garbage = Array.from({ length: 100 }, () => ({ partition: 0, value: 'garbage' }));
    await producer.send({ topic: bench.topic, messages: garbage });
    await untilHalted(running, 0, 'TOO_MANY_BAD_RECORDS');
    await producer.send({ topic: bench.topic, messages: [{ partition: 1, value: JSON.stringify(eventOf(0)) }] });
    await bench.expectExactly(1);
    await running.stop();
    const again = await bench.start();
    await untilHalted(again, 0, 'TOO_MANY_BAD_RECORDS'); // a restart is no answer to it
    await bench.database.pool.query(
      'UPDATE partition_progress SET epoch = epoch + 1, halt_reason = NULL WHERE partition = 0',
    );
    await waitFor(() => stateOf(again, 0)?.kind === 'active', { description: 'the partition to go on once cleared' });
    await waitFor(async () => (await bench.database.pool.query('SELECT FROM dead_letters')).rowCount === 100, {
      description: 'the garbage to be kept as dead letters',
    });
  });
});

describe('a sink that is away', () => {
  let bench: EngineBench;
  afterEach(() => bench.close());

  it('holds up nothing and gets everything in order once it is back', async () => {
    bench = await createEngineBench(2);
    const { sink } = await bench.start();
    sink.fail = true;
    await bench.publish(0, 1_000, { perSend: 100 });
    await bench.expectExactly(1_000);
    expect(sink.received).toEqual([]);
    sink.fail = false;
    await waitFor(() => sink.received.length >= 1_000, { description: 'the sink to catch up' });
    for (let shard = 0; shard < 4; shard++) {
      const seqs = sink.received.filter((row) => row.shard === shard).map((row) => row.seq);
      expect(seqs).toEqual(seqs.map((_, i) => BigInt(i + 1)));
    }
  });
});
