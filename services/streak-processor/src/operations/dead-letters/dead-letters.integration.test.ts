import {
  createEngineBench,
  type EngineBench,
  eventOf,
  type RunningEngine,
} from '@streaks/exactly-once/testing/test-engine';
import { createFreshTopic } from '@streaks/testing/fresh-topic';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { waitFor } from '@streaks/testing/wait-for';
import type { Message } from 'kafkajs';
import { createOperatorBench, type OperatorBench, SYSTEM_USER } from '../test-support/operator-bench';
import { createOpenTopics } from './open-topics';
import { replayDeadLetters } from './replay';

jest.setTimeout(150_000);

interface StoredLetter {
  readonly offset: number;
  readonly partition: number;
  readonly reason: string;
  readonly status: string;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Record<string, string[]>;
  readonly replayed_partition: number | null;
  readonly replayed_offset: number | null;
}

describe('dead letters', () => {
  let bench: EngineBench;
  let operator: OperatorBench;
  let running: RunningEngine;

  beforeEach(async () => {
    bench = await createEngineBench(2);
    operator = createOperatorBench({
      ...stackAddresses(),
      DATABASE_URL: bench.database.url,
      SESSION_EVENTS_TOPIC: bench.topic,
    });
    running = await bench.start({ tuning: { maxBadShare: 1 } });
  });

  afterEach(async () => {
    await operator.close();
    await bench.close();
  });

  const publish = async (messages: readonly Message[]) =>
    (await bench.producer()).send({ topic: bench.topic, messages: messages.map((m) => ({ partition: 0, ...m })) });

  const letters = async () =>
    (
      await bench.database.pool.query<StoredLetter>(
        `SELECT "offset"::int, partition, reason, status, key, value, headers, replayed_partition, replayed_offset::int
         FROM dead_letters ORDER BY first_seen, partition, "offset"`,
      )
    ).rows;

  const untilLetters = (count: number) =>
    waitFor(async () => (await letters()).length === count, {
      description: `${count} dead letters`,
      timeoutMs: 40_000,
    });

  const untilIdle = () =>
    waitFor(
      async () => {
        const { topics } = JSON.parse((await operator.partitions('list --json')).printed) as {
          topics: { partitions: { lag: string | null }[] }[];
        };
        const partitions = topics[0]?.partitions ?? [];
        return partitions.length === 2 && partitions.every(({ lag }) => lag === '0');
      },
      { description: 'all records to be applied', timeoutMs: 40_000, intervalMs: 100 },
    );

  const eventIds = async () =>
    (await bench.database.pool.query<{ id: string }>('SELECT id FROM counted_events ORDER BY id')).rows.map(
      ({ id }) => id,
    );

  const audits = async () =>
    (await bench.database.pool.query('SELECT actor, command, arguments, before, after FROM operator_audit ORDER BY id'))
      .rows;

  /** Refused by the store until its CHECK is gone: what a newer release would accept. */
  const tooRich = (index: number): Message => {
    const event = { ...eventOf(index), key: `rich-${index}`, amount: 2_000_000 };
    return { key: event.key, value: JSON.stringify(event), headers: { trace: Buffer.from([0, 255]) } };
  };
  const acceptTheRich = () => bench.database.pool.query('ALTER TABLE counters DROP CONSTRAINT counters_total_check');

  it('are replayed once their reason is gone; a second replay changes nothing', async () => {
    await publish([tooRich(0), tooRich(1), tooRich(2), { value: 'garbage' }]);
    await untilLetters(4);
    const list = await operator.deadLetters('list');
    expect(list.printed).toMatch(/REFUSED_BY_STORE\s+3\s+0/);
    await acceptTheRich();

    expect(await operator.deadLetters('replay --reason REFUSED_BY_STORE', () => 'no')).toMatchObject({ exitCode: 3 });
    expect(await audits()).toEqual([]);
    const done = await operator.deadLetters('replay --reason REFUSED_BY_STORE --yes');
    expect(done).toMatchObject({ exitCode: 0, printed: expect.stringContaining('3 replayed, 0 refused') });
    await waitFor(async () => (await eventIds()).length === 3, { description: 'the replayed to be applied' });
    expect(await eventIds()).toEqual(['e0', 'e1', 'e2']);

    expect(await operator.deadLetters('replay --reason REFUSED_BY_STORE --yes')).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('Nothing to replay'),
    });
    await untilIdle();
    expect(await eventIds()).toEqual(['e0', 'e1', 'e2']);
    expect((await letters()).map(({ reason, status }) => `${reason} ${status}`)).toEqual([
      'REFUSED_BY_STORE replayed',
      'REFUSED_BY_STORE replayed',
      'REFUSED_BY_STORE replayed',
      'NOT_JSON new',
    ]);
    expect(await audits()).toMatchObject([
      {
        actor: SYSTEM_USER,
        command: 'dead-letters replay',
        arguments: { reason: 'REFUSED_BY_STORE', again: false },
        before: expect.arrayContaining([`${bench.topic}/0/0`]),
      },
    ]);
  });

  it('come back byte by byte when they are rejected again, linked to where they came from; their number grows by no further replay', async () => {
    const key = Buffer.from([0xff, 0x00, 0xfe]);
    const value = Buffer.from([0x80, 0x81, 0x0a]);
    await publish([
      { key, value, headers: { trace: [Buffer.from([0, 255]), 'second'], empty: '' } },
      { partition: 1, key: null, value: 'no key' },
    ]);
    await untilLetters(2);
    expect(await operator.deadLetters('replay --all --yes')).toMatchObject({ exitCode: 0 });
    await untilLetters(4);
    const all = await letters();
    const [first, again] = all.filter((letter) => letter.key !== null);
    expect(again).toMatchObject({
      key,
      value,
      status: 'new',
      offset: first?.replayed_offset,
      partition: first?.replayed_partition,
    });
    expect(again?.headers).toEqual({
      ...first?.headers,
      'x-replayed-from': [Buffer.from(`${bench.topic}/0/0`).toString('base64')],
    });
    expect(all.filter((letter) => letter.key === null).map(({ partition }) => partition)).toEqual([1, 1]);

    const shown = await operator.deadLetters('show --partition 0 --offset 0');
    expect(shown.printed).toContain('rejected again  NOT_JSON');
    expect(shown.printed).toContain('ff 00 fe');
    const link = await operator.deadLetters(`show --partition ${again?.partition} --offset ${again?.offset} --json`);
    expect(JSON.parse(link.printed)).toMatchObject([
      { key: { hex: 'ff00fe', text: null }, headers: { 'x-replayed-from': [{ text: `${bench.topic}/0/0` }] } },
    ]);
    expect(await operator.deadLetters('show --partition 0 --offset 999')).toMatchObject({ exitCode: 3 });

    expect((await operator.deadLetters('replay --all --yes')).printed).toContain('Nothing to replay');
    // With --again a chain is taken up at its newest link: two records each time, never four.
    expect((await operator.deadLetters('replay --all --again --yes')).printed).toContain('2 replayed');
    await untilLetters(6);
    expect((await operator.deadLetters('replay --all --again --yes')).printed).toContain('2 replayed');
    await untilLetters(8);
  });

  it('go back to the topic that each came from, whichever of them is meant', async () => {
    const other = await createFreshTopic({ partitions: 1, prefix: 'other' });
    const beside = await bench.start({ topic: other.topic, beside: running, tuning: { maxBadShare: 1 } });
    await publish([{ value: 'of the first' }]);
    await (await bench.producer()).send({ topic: other.topic, messages: [{ partition: 0, value: 'of the other' }] });
    await untilLetters(2);
    const done = await operator.deadLetters(`replay --topic ${other.topic} --yes`);
    expect(done.printed).toContain('1 replayed, 0 refused');
    await untilLetters(3);
    const { rows } = await bench.database.pool.query(
      `SELECT topic, "offset"::int, status, convert_from(value, 'UTF8') AS value FROM dead_letters ORDER BY first_seen, status DESC`,
    );
    expect(rows.filter(({ topic }) => topic === other.topic)).toEqual([
      { topic: other.topic, offset: 0, status: 'replayed', value: 'of the other' },
      { topic: other.topic, offset: 1, status: 'new', value: 'of the other' },
    ]);
    expect(rows.filter(({ topic }) => topic === bench.topic)).toMatchObject([{ offset: 0, status: 'new' }]);
    await beside.stop();
    await other.drop();
  });

  it('of a replay that ended between sending and marking are sent again by the next one, page by page', async () => {
    await publish(Array.from({ length: 7 }, (_, index) => ({ value: `garbage ${index}` })));
    await untilLetters(7);
    const { connections } = operator;
    const limits = { rows: 3, bytes: 1_000_000 };
    const topics = createOpenTopics(connections, limits, { deliveryTimeoutMs: 20_000, now: () => performance.now() });
    let pages = 0;
    const cutAfterFirstPage = new Proxy(connections.pool, {
      get(pool, name) {
        if (name === 'connect' && ++pages === 2) return () => Promise.reject(new Error('the process ended here'));
        const member: unknown = Reflect.get(pool, name);
        return typeof member === 'function' ? member.bind(pool) : member;
      },
    });
    const request = { selection: {}, again: false, limit: undefined, actor: 'ada' };
    const ports = { openTopic: topics.openTopic, limits, onProgress: () => undefined };
    await expect(replayDeadLetters({ ...ports, pool: cutAfterFirstPage }, request)).rejects.toThrow('ended here');
    expect((await letters()).filter(({ status }) => status === 'replayed')).toHaveLength(3);
    const progress: number[] = [];
    const result = await replayDeadLetters(
      { ...ports, pool: connections.pool, onProgress: ({ replayed }) => void progress.push(replayed) },
      request,
    );
    await topics.close();
    expect(result).toEqual({ replayed: 4, refused: [] });
    expect(progress).toEqual([3, 4]);
    await untilLetters(7 + 3 + 3 + 4); // three were sent twice: two dead letters each, and each says from where
    const froms = (await letters()).flatMap(({ headers }) => headers['x-replayed-from'] ?? []);
    expect(new Set(froms).size).toBe(7);
  });

  it('that their topic does not take are told of and stay; the others go', async () => {
    await publish([{ value: 'x'.repeat(200_000) }, { value: 'small' }]);
    await untilLetters(2);
    const { connections } = operator;
    await connections.withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: bench.topic, configEntries: [{ name: 'max.message.bytes', value: '100000' }] }],
      }),
    );
    const done = await operator.deadLetters('replay --all --yes');
    expect(done).toMatchObject({ exitCode: 3, printed: expect.stringContaining('1 replayed, 1 refused') });
    expect(done.noted).toContain(`not replayed: ${bench.topic}/0/0`);
    expect((await letters()).find(({ offset }) => offset === 0)?.status).toBe('new');
  });

  it('are purged with an audit row, but never while they are not yet published', async () => {
    await publish([{ value: 'a' }, { value: 'b' }, { partition: 1, value: 'c' }]);
    await untilLetters(3);
    expect(await operator.deadLetters('purge --all --yes')).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('3 are not published to Kafka yet and stay'),
    });
    expect(await letters()).toHaveLength(3);
    await bench.database.pool.query(
      `UPDATE outbox_shard SET published_seq = out_seq WHERE shard = (SELECT shard FROM dead_letters WHERE partition = 0 LIMIT 1)`,
    );
    await bench.database.pool.query(
      `UPDATE dead_letters SET first_seen = now() - interval '31 days' WHERE "offset" = 0`,
    );
    const old = await operator.deadLetters('purge --older-than 30d --yes');
    expect(old).toMatchObject({ exitCode: 0, printed: expect.stringContaining('1 deleted') });
    expect((await letters()).map(({ partition, offset }) => `${partition}/${offset}`).sort()).toEqual(['0/1', '1/0']);
    expect(await operator.deadLetters('purge --all --yes')).toMatchObject({ exitCode: 0 });
    expect((await letters()).map(({ partition }) => partition)).toEqual([1]);
    expect(await audits()).toMatchObject([
      { command: 'dead-letters purge', before: [{ position: `${bench.topic}/0/0`, reason: 'NOT_JSON' }], after: null },
      { before: [{ position: `${bench.topic}/0/1` }] },
    ]);
  });
});
