import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { createFreshTopic } from '@streaks/testing/fresh-topic';
import { kafkaBrokers, stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import { pino } from 'pino';
import { SYSTEM_USER } from '../test-support/operator-bench';
import { createOutboxBench, type OutboxBench } from '../test-support/outbox-bench';

jest.setTimeout(150_000);

describe('a halted shard, with a publisher that goes on running', () => {
  let bench: OutboxBench;
  afterEach(() => bench.close());

  const untilShard = (expected: Readonly<Record<string, unknown>>) =>
    waitFor(
      async () => {
        const row = await bench.shard();
        return Object.entries(expected).every(([name, value]) => row?.[name] === value);
      },
      { description: `the shard to be ${JSON.stringify(expected)}`, timeoutMs: 40_000 },
    );

  const eventIds = async () =>
    (
      await bench.database.pool.query<{ event_id: string }>('SELECT event_id FROM streak_history ORDER BY out_seq')
    ).rows.map((row) => row.event_id);

  const audit = async () =>
    (await bench.database.pool.query('SELECT actor, command, arguments, before, after FROM operator_audit ORDER BY id'))
      .rows;

  /** Five rows are in Kafka; then Postgres is back at a state with three, of which it knows two to be published. */
  async function restoreOlderDatabase(): Promise<readonly string[]> {
    bench = await createOutboxBench();
    const before = bench.startPublisher();
    await bench.addRows(1, 5);
    await untilShard({ published_seq: 5 });
    await before.close(5_000);
    const published = await eventIds();
    await bench.database.pool.query('DELETE FROM streak_history WHERE out_seq > 3');
    await bench.database.pool.query('UPDATE outbox_shard SET out_seq = 3, published_seq = 2 WHERE shard = 0');
    return published;
  }

  it('MARK_BEYOND_OUTBOX: republish publishes what Postgres has under new event ids, and what comes later', async () => {
    const published = await restoreOlderDatabase();
    expect((await bench.operator.partitions('list')).printed).toContain('shard 0 MARK_BEYOND_OUTBOX');
    bench.startPublisher();
    await untilShard({ halt_reason: 'MARK_BEYOND_OUTBOX' });
    expect(JSON.parse((await bench.operator.partitions('list --json')).printed)).toMatchObject({
      shards: [
        { shard: 0, outSeq: '3', publishedSeq: '2', markInKafka: '5', haltReason: 'MARK_BEYOND_OUTBOX' },
        { shard: 1 },
      ],
    });
    expect(await bench.operator.partitions('resume --shard 0 --yes')).toMatchObject({ exitCode: 3 });
    expect(await bench.operator.partitions('republish --shard 1 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('it is not halted'),
    });

    const done = await bench.operator.partitions('republish --shard 0 --reason restored');
    expect(done).toMatchObject({ exitCode: 3 });
    expect(await audit()).toEqual([]);
    const agreed = await bench.operator.partitions('republish --shard 0 --reason restored --yes');
    expect(agreed).toMatchObject({ exitCode: 0, printed: expect.stringContaining('rows 3 to 3 (1)') });
    await untilShard({ halt_reason: null, published_seq: 3, mark_epoch: 1, generation: 2 });
    await bench.addRows(4, 6);
    await untilShard({ published_seq: 6 });
    const now = await eventIds();
    expect(now.slice(0, 2)).toEqual(published.slice(0, 2));
    expect(now.slice(2).filter((id) => published.includes(id))).toEqual([]);
    expect(await bench.readPublished()).toEqual([...published, ...now.slice(2)]);
    expect(await audit()).toEqual([
      {
        actor: SYSTEM_USER,
        command: 'partitions republish',
        arguments: { groupId: bench.consumerGroupId, shards: [0], to: null, reason: 'restored' },
        before: { shards: [expect.objectContaining({ markEpoch: '0', haltReason: 'MARK_BEYOND_OUTBOX' })] },
        after: { shards: [expect.objectContaining({ markEpoch: '1', haltReason: null })], generation: '2' },
      },
    ]);
  });

  it('republish --all works before any processor found out, and is refused while one runs', async () => {
    const published = await restoreOlderDatabase();
    const input = await createFreshTopic();
    const member = createKafka({
      brokers: kafkaBrokers(stackAddresses()),
      clientId: 'processor',
      logger: pino({ level: 'silent' }),
    }).consumer({ groupId: bench.consumerGroupId });
    await member.connect();
    try {
      await member.subscribe({ topic: input.topic });
      await member.run({ eachMessage: async () => undefined });
      await waitFor(
        async () =>
          (await bench.operator.connections.withAdmin((admin) => admin.describeGroups([bench.consumerGroupId])))
            .groups[0]?.members.length === 1,
        { description: 'the processor to be in its group', timeoutMs: 40_000, intervalMs: 100 },
      );
      expect(await bench.operator.partitions('republish --all --yes')).toMatchObject({
        exitCode: 3,
        noted: expect.stringContaining('stop the processors first'),
      });
    } finally {
      await member.disconnect();
      await input.drop();
    }
    // A person who takes long: meanwhile somebody else decided.
    const slow = async () => {
      await bench.database.pool.query('UPDATE outbox_shard SET accepted_mark = 5 WHERE shard = 0');
      return 'y';
    };
    expect(await bench.operator.partitions('republish --shard 0', slow)).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('changed meanwhile'),
    });
    expect(await bench.shard()).toMatchObject({ mark_epoch: 0, accepted_mark: 5, generation: 1 });
    expect(await audit()).toEqual([]);
    await bench.database.pool.query('UPDATE outbox_shard SET accepted_mark = 0');

    expect(await bench.operator.partitions('republish --all --yes')).toMatchObject({ exitCode: 0 });
    bench.startPublisher();
    await untilShard({ published_seq: 3, generation: 2, mark_epoch: 1 });
    expect(await bench.readPublished()).toEqual([...published, (await eventIds())[2]]);
  });

  it('MARK_BEYOND_OUTBOX: skip-output counts as published what Kafka has', async () => {
    const published = await restoreOlderDatabase();
    bench.startPublisher();
    await untilShard({ halt_reason: 'MARK_BEYOND_OUTBOX' });
    expect(await bench.operator.partitions('skip-output --shard 0 --to 4 --yes')).toMatchObject({ exitCode: 3 });
    const done = await bench.operator.partitions('skip-output --all --yes');
    expect(done).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('rows up to 5, the mark in Kafka, as published'),
    });
    await untilShard({ halt_reason: null, accepted_mark: 5, generation: 2 });
    await bench.addRows(4, 7);
    await untilShard({ published_seq: 7 });
    expect(await bench.readPublished()).toEqual([...published, ...(await eventIds()).slice(5)]);
    expect(await audit()).toMatchObject([
      { command: 'partitions skip-output', after: { shards: [{ acceptedMark: '5' }] } },
    ]);
  });

  it('OUTPUT_REFUSED: skip-output leaves out the row that it is told, resume tries again', async () => {
    bench = await createOutboxBench(10_000);
    bench.startPublisher();
    await bench.addRows(1, 1);
    await bench.addRows(2, 2, 20_000);
    await bench.addRows(3, 3);
    await untilShard({ halt_reason: 'OUTPUT_REFUSED', published_seq: 1 });
    expect((await bench.operator.partitions('list')).printed).toContain('row 2 of the outbox');
    expect(await bench.operator.partitions('republish --shard 0 --yes')).toMatchObject({ exitCode: 3 });
    expect(await bench.operator.partitions('skip-output --shard 0 --yes')).toMatchObject({
      exitCode: 3,
      noted: expect.stringContaining('row 2 of the outbox'),
    });
    expect(await bench.operator.partitions('skip-output --shard 0 --to 4 --yes')).toMatchObject({ exitCode: 3 });
    expect(await bench.operator.partitions('resume --shard 0 --yes')).toMatchObject({ exitCode: 0 });
    await untilShard({ halt_reason: 'OUTPUT_REFUSED' });
    expect(await bench.operator.partitions('skip-output --shard 0 --to 2 --yes')).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('NEVER PUBLISHED: rows 2 to 2 (1)'),
    });
    await untilShard({ halt_reason: null, published_seq: 3 });
    const ids = await eventIds();
    expect(await bench.readPublished()).toEqual([ids[0], ids[2]]);
    expect(await audit()).toMatchObject([{ command: 'partitions resume' }, { command: 'partitions skip-output' }]);
  });
});
