import {
  createEngineBench,
  type EngineBench,
  eventOf,
  type RunningEngine,
} from '@streaks/exactly-once/testing/test-engine';
import { createTopic, withAdmin } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { createOperatorBench, type OperatorBench, SYSTEM_USER } from '../test-support/operator-bench';

jest.setTimeout(150_000);

const brokers = kafkaBrokers(stackAddresses());

describe('a halted partition, with a processor that goes on running', () => {
  let bench: EngineBench;
  let operator: OperatorBench;

  async function prepare(partitions: number, setting = 'SESSION_EVENTS_TOPIC'): Promise<void> {
    bench = await createEngineBench(partitions);
    operator = createOperatorBench({
      ...stackAddresses(),
      DATABASE_URL: bench.database.url,
      [setting]: bench.topic,
      STREAK_CHANGES_TOPIC: `${bench.topic}-changes`,
    });
  }

  afterEach(async () => {
    await operator.close();
    await bench.close();
  });

  const untilHalted = (running: RunningEngine, reason: string) =>
    waitFor(
      async () => {
        const { rows } = await bench.database.pool.query('SELECT FROM partition_progress WHERE halt_reason = $1', [
          reason,
        ]);
        const state = running.engine.status().partitions.get(0);
        return rows.length === 1 && state?.kind === 'halted' && state.isRecorded;
      },
      { description: `partition 0 to halt with ${reason}`, timeoutMs: 40_000 },
    );

  const untilActive = (running: RunningEngine) =>
    waitFor(() => running.engine.status().partitions.get(0)?.kind === 'active', {
      description: 'the partition to go on',
    });

  const progress = async () =>
    (
      await bench.database.pool.query(
        'SELECT epoch::int, next_offset::int, topic_id, halt_reason FROM partition_progress WHERE partition = 0',
      )
    ).rows[0];

  const audit = async () =>
    (await bench.database.pool.query('SELECT actor, command, arguments, before, after FROM operator_audit ORDER BY id'))
      .rows;

  /** Thirty records applied, then twenty more that are deleted up to offset 40 before anybody has read them. */
  async function loseRecords(): Promise<RunningEngine> {
    const first = await bench.start();
    await bench.publish(0, 30);
    await bench.expectExactly(30);
    await first.stop();
    await bench.publish(30, 50);
    await deleteBefore('40');
    const running = await bench.start();
    await untilHalted(running, 'POSITION_BELOW_LOG_START');
    return running;
  }

  const deleteBefore = (offset: string) =>
    withAdmin(brokers, async (admin) => {
      await admin.fetchTopicOffsets(bench.topic); // kafkajs deletes only from topics whose metadata it has
      await admin.deleteTopicRecords({ topic: bench.topic, partitions: [{ partition: 0, offset }] });
    });

  it('POSITION_BELOW_LOG_START: accept-gap names what is lost, goes on at the first record left, and leaves an audit row', async () => {
    await prepare(1);
    const running = await loseRecords();
    const before = await progress();
    const list = await operator.partitions('list');
    expect(list).toMatchObject({ exitCode: 0, noted: '' });
    expect(list.printed).toContain('accept-gap goes on at the first record that is left');
    expect(JSON.parse((await operator.partitions('list --json')).printed)).toMatchObject({
      topics: [
        {
          topic: bench.topic,
          partitions: [
            {
              partition: 0,
              nextOffset: '30',
              low: '40',
              high: '50',
              lag: '10',
              haltReason: 'POSITION_BELOW_LOG_START',
            },
          ],
        },
        { topic: 'organisation-events' },
        { topic: 'friendship-events' },
      ],
    });

    expect(await operator.partitions('accept-gap --partition 0')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('--yes'),
    });
    expect(await operator.partitions('accept-gap --partition 0', () => 'n')).toMatchObject({ exitCode: 3 });
    expect(await operator.partitions('adopt --partition 0 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('adopt is no answer to POSITION_BELOW_LOG_START'),
    });
    expect(await operator.partitions('resume --partition 0 --yes')).toMatchObject({ exitCode: 3 });
    expect(await progress()).toEqual(before);
    expect(await audit()).toEqual([]);

    const done = await operator.partitions('accept-gap --partition 0 --reason retention-was-too-short', () => 'y');
    expect(done).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('SKIPPED FOR GOOD: offsets 30 to 39 (10)'),
    });
    await bench.expectExactly(40);
    await untilActive(running);
    expect(await progress()).toMatchObject({ halt_reason: null, next_offset: 50 });
    expect((await progress())?.epoch).toBeGreaterThanOrEqual(before?.epoch + 2); // the command's, and the claim's
    expect(await audit()).toEqual([
      {
        actor: SYSTEM_USER,
        command: 'partitions accept-gap',
        arguments: { topic: bench.topic, partitions: [0], to: null, reason: 'retention-was-too-short' },
        before: [expect.objectContaining({ partition: 0, nextOffset: '30', haltReason: 'POSITION_BELOW_LOG_START' })],
        after: [expect.objectContaining({ partition: 0, nextOffset: '40', haltReason: null })],
      },
    ]);
    expect(await operator.partitions('accept-gap --partition 0 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('it is not halted'),
    });
    expect(await operator.partitions('accept-gap --all --yes')).toMatchObject({ exitCode: 0 });
    expect(await audit()).toHaveLength(1);
  });

  it('is left alone when its row changed between the question and the answer', async () => {
    await prepare(1);
    await loseRecords();
    const other = async () => {
      await bench.database.pool.query('UPDATE partition_progress SET next_offset = 41');
      return 'y';
    };
    expect(await operator.partitions('accept-gap --partition 0', other)).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('changed meanwhile'),
    });
    expect(await progress()).toMatchObject({ next_offset: 41, halt_reason: 'POSITION_BELOW_LOG_START' });
    expect(await audit()).toEqual([]);
  });

  it('POSITION_BEYOND_LOG_END: accept-gap goes back to where it is told, inside the log only', async () => {
    await prepare(1);
    const first = await bench.start();
    await bench.publish(0, 20);
    await bench.expectExactly(20);
    await first.stop();
    // A log that is shorter than the position: as after an unclean election.
    await bench.database.pool.query('UPDATE partition_progress SET next_offset = 500');
    const running = await bench.start();
    await untilHalted(running, 'POSITION_BEYOND_LOG_END');
    expect(await operator.partitions('accept-gap --partition 0 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('--to'),
    });
    expect(await operator.partitions('accept-gap --partition 0 --to 21 --yes')).toMatchObject({ exitCode: 3 });
    const done = await operator.partitions('accept-gap --partition 0 --to 20 --actor ada --yes');
    expect(done).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('read again, without effect where known: 20 to 499'),
    });
    await untilActive(running);
    await bench.publish(20, 30);
    await bench.expectExactly(30);
    expect(await audit()).toMatchObject([{ actor: 'ada', arguments: { to: '20' } }]);
  });

  it('UNREADABLE_BATCH: accept-gap skips the batch as its header says, resume tries it again', async () => {
    await prepare(1);
    const first = await bench.start();
    await bench.publish(0, 10);
    await bench.expectExactly(10);
    await first.stop();
    await bench.publish(10, 17, { perSend: 7 });
    await bench.publish(17, 20);
    await bench.database.pool.query(
      `UPDATE partition_progress SET halt_reason = 'UNREADABLE_BATCH', halt_detail = 'offset 10: a codec from the future'`,
    );
    expect(await operator.partitions('accept-gap --partition 0 --to 10 --yes')).toMatchObject({ exitCode: 3 });
    const done = await operator.partitions('accept-gap --all --yes');
    expect(done).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('SKIPPED FOR GOOD: offsets 10 to 16 (7)'),
    });
    await bench.start();
    await bench.expectExactly(13);
    await bench.database.pool.query(`UPDATE partition_progress SET halt_reason = 'UNREADABLE_BATCH'`);
    expect(await operator.partitions('resume --partition 0 --yes')).toMatchObject({ exitCode: 0 });
    expect(await progress()).toMatchObject({ halt_reason: null, next_offset: 20 });
  });

  it('TOPIC_RECREATED: adopt reads the new topic from its first record', async () => {
    await prepare(1);
    const first = await bench.start();
    await bench.publish(0, 50);
    await bench.expectExactly(50);
    await first.stop();
    await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [bench.topic] }));
    await waitFor(() => createTopic(brokers, bench.topic, 1).then(() => true), {
      description: 'the name to be free again',
    });
    await bench.publish(50, 130);
    const running = await bench.start();
    await untilHalted(running, 'TOPIC_RECREATED');
    const before = await progress();
    expect(await operator.partitions('accept-gap --partition 0 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('adopt reads the new topic from its first record'),
    });
    const done = await operator.partitions('adopt --all --yes');
    expect(done).toMatchObject({ exitCode: 0, printed: expect.stringContaining('0 to the end (80 now)') });
    await untilActive(running);
    await waitFor(async () => (await progress())?.next_offset === 80, { description: 'the new topic to be read' });
    const after = await progress();
    expect(after?.topic_id).not.toBe(before?.topic_id);
    expect(after?.halt_reason).toBeNull();
    const { rows } = await bench.database.pool.query(
      'SELECT count(*)::int AS events, count(DISTINCT id)::int AS ids FROM counted_events',
    );
    expect(rows[0]).toEqual({ events: 130, ids: 130 });
    expect(await audit()).toMatchObject([
      {
        command: 'partitions adopt',
        before: [{ topicId: before?.topic_id, nextOffset: '50' }],
        after: [{ topicId: after?.topic_id, nextOffset: '0' }],
      },
    ]);
  });

  it('TOO_MANY_BAD_RECORDS: resume goes on, without skipping anything', async () => {
    await prepare(1, 'ORGANISATION_EVENTS_TOPIC'); // another topic than that which is meant where none is named
    const running = await bench.start({ tuning: { minBadRecords: 50, maxBadShare: 0.5 } });
    const producer = await bench.producer();
    await producer.send({
      topic: bench.topic,
      messages: Array.from({ length: 100 }, () => ({ partition: 0, value: 'garbage' })),
    });
    await untilHalted(running, 'TOO_MANY_BAD_RECORDS');
    await running.stop();
    const lenient = await bench.start();
    await untilHalted(lenient, 'TOO_MANY_BAD_RECORDS');
    expect((await operator.partitions('list')).printed).toContain(`--topic ${bench.topic}: stop the producer`);
    expect((await operator.partitions('resume --all --yes')).printed).toContain('No partition of session-events');
    expect(await operator.partitions('resume --all --topic elsewhere --yes')).toMatchObject({ exitCode: 3 });
    expect(await operator.partitions(`resume --all --topic ${bench.topic} --yes`)).toMatchObject({ exitCode: 0 });
    await untilActive(lenient);
    await producer.send({ topic: bench.topic, messages: [{ partition: 0, value: JSON.stringify(eventOf(0)) }] });
    await waitFor(async () => (await progress())?.next_offset === 101, { description: 'all to be passed' });
    expect(await audit()).toMatchObject([{ command: 'partitions resume' }]);
  });
});
