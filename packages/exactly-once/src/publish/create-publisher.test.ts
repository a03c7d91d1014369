import { waitFor } from '@streaks/testing/wait-for';
import fc from 'fast-check';
import type { KafkaOperation } from '../testing/fake-kafka';
import { CHANGES, createPublicationWorld, GROUP } from '../testing/publication-world';
import { markMetadata } from './mark';
import type { PublicationStep } from './publisher-options';

type World = ReturnType<typeof createPublicationWorld>;

const soon = (description: string, condition: () => boolean) =>
  waitFor(condition, { description, intervalMs: 1, timeoutMs: 4_000 });
const published = (world: World, shard = 0) =>
  soon(`all ${world.row(shard).outSeq} rows of shard ${shard} to be published`, () => {
    return world.changes(shard).length >= Number(world.row(shard).outSeq);
  });
const marked = (world: World, shard = 0) =>
  soon('the mark to follow', () => world.row(shard).publishedSeq === world.row(shard).outSeq);
const place = (shard = 0) => `${GROUP}/${CHANGES}/${shard}`;

describe('a publisher', () => {
  let world: World;
  beforeEach(() => {
    world = createPublicationWorld([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
  afterEach(() => world.close());

  const live = async (started: ReturnType<World['start']>, shard = 0) => {
    await soon(`shard ${shard} to be live`, () => started.publisher.wants(shard));
  };

  it('reads back what was there before it, then takes what is handed over, and moves both marks', async () => {
    world.commit(17);
    const started = world.start();
    started.publisher.setShards([0]);
    await published(world);
    await live(started);
    const pages = world.pages;
    started.publisher.offer(world.commit(3));
    await published(world);
    await marked(world);
    expect(world.changes()).toEqual(world.expected());
    expect(world.pages).toBe(pages);
    expect(world.kafka.offsets.get(place())).toEqual({ offset: '20', metadata: markMetadata(0n, 20n) });
  });

  it('sends of states only the last of each key in a transaction', async () => {
    world.commit(5);
    world.start().publisher.setShards([0]);
    await published(world);
    expect(world.states()).toEqual(['k0=3', 'k1=4', 'k2=5']);
  });

  it('makes no transaction while there is nothing to publish', async () => {
    const started = world.start();
    started.publisher.setShards([0]);
    await live(started);
    expect([world.kafka.commits, world.kafka.sends.length, world.kafka.offsets.size]).toEqual([0, 0, 0]);
  });

  it('puts what gathered meanwhile into one transaction, within its bounds', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const started = world.start({
      onStep: (step) => (step === 'P4_SENT' ? gate : undefined),
      tuning: { maxWaitingRows: 1_000 },
    });
    started.publisher.setShards([0]);
    await live(started);
    for (let i = 0; i < 10; i++) started.publisher.offer(world.commit(2));
    open();
    await published(world);
    expect(world.changes()).toEqual(world.expected());
    expect(started.transactions.every((rows) => rows <= 8)).toBe(true);
    expect(world.kafka.commits).toBeLessThanOrEqual(4);
  });

  it('opens few producers at a time', async () => {
    const started = world.start({ tuning: { maxOpening: 3 } });
    started.publisher.setShards([...world.rows.keys()]);
    await soon('all to be live', () => [...world.rows.keys()].every((shard) => started.publisher.wants(shard)));
    expect(world.kafka.mostOpening).toBe(3);
  });

  const operations: readonly KafkaOperation[] = ['connect', 'init', 'fetchOffsets', 'send', 'sendOffsets', 'commit'];
  describe.each(operations)('when %s fails', (operation) => {
    it.each(['request', 'reply'] as const)(
      'because its %s was lost, publishes each row once, in order',
      async (lost) => {
        let left = 3;
        let seen = 0;
        world.kafka.fault = (at) => (at === operation && seen++ % 2 === 0 && left-- > 0 ? lost : 'none');
        const started = world.start();
        started.publisher.setShards([0]);
        for (let i = 0; i < 8; i++) {
          started.publisher.offer(world.commit(2));
          await published(world);
        }
        await marked(world);
        expect(world.changes()).toEqual(world.expected());
        expect(started.errors.length).toBeGreaterThan(0);
        await world.close();
        expect(world.kafka.connected).toBe(0);
      },
    );
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
  it.each(steps)('that dies at %s leaves a successor that publishes the rest, each row once', async (died) => {
    world.commit(7);
    let hasDied = false;
    const dead = world.start({
      onStep: (step) => {
        if (step !== died) return undefined;
        hasDied = true;
        return new Promise(() => undefined); // nothing of it ever goes on
      },
    });
    dead.publisher.setShards([0]);
    await soon('the first one to die', () => hasDied);
    world.commit(6);
    world.start().publisher.setShards([0]);
    await published(world);
    await marked(world);
    expect(world.changes()).toEqual(world.expected());
    dead.isDead = true;
  });

  it('is fenced by another one, and neither publishes a row twice while both think the shard theirs', async () => {
    const both = [world.start(), world.start()];
    for (const { publisher } of both) publisher.setShards([0]);
    for (let i = 0; i < 20; i++) {
      const handover = world.commit(2);
      for (const { publisher } of both) publisher.offer(handover);
      await published(world);
    }
    expect(world.changes()).toEqual(world.expected());
    expect(both.flatMap(({ errors }) => errors).join()).toContain('fenced');
  });

  it.each([
    ['without metadata', { offset: '9', metadata: null }],
    ['whose metadata names another number', { offset: '9', metadata: markMetadata(0n, 4n) }],
    ['of an epoch that an operator made void', { offset: '9', metadata: markMetadata(1n, 9n) }],
  ])('ignores an offset %s, with an alarm', async (_, offset) => {
    world.row().markEpoch = 2n;
    world.commit(12);
    world.kafka.offsets.set(place(), offset);
    const started = world.start();
    started.publisher.setShards([0]);
    await published(world);
    expect(world.changes()).toEqual(world.expected());
    expect(started.log).toEqual([expect.stringMatching(/^ignored 0 offset 9/)]);
  });

  it.each([
    ['Kafka is ahead of Postgres', 5n, '9', 9],
    ['Postgres is ahead of Kafka', 9n, '5', 9],
    ['Kafka has none', 4n, '-1', 4],
  ])('goes on after the greater mark when %s', async (_, publishedSeq, offset, mark) => {
    world.commit(12);
    world.row().publishedSeq = publishedSeq;
    if (offset !== '-1') world.kafka.offsets.set(place(), { offset, metadata: markMetadata(0n, BigInt(offset)) });
    world.start().publisher.setShards([0]);
    await marked(world);
    expect(world.changes()).toEqual(world.expected().slice(mark));
  });

  it('halts where its mark is above the outbox, and goes on when an operator has put it right', async () => {
    world.commit(3);
    world.kafka.offsets.set(place(), { offset: '9', metadata: markMetadata(0n, 9n) });
    const started = world.start();
    started.publisher.setShards([0, 1]);
    await soon('the shard to halt', () => world.row().haltReason === 'MARK_BEYOND_OUTBOX');
    started.publisher.offer(world.commit(2, 1));
    await published(world, 1); // the others go on
    await soon('the halt to be told', () => started.state?.shards.halted === 1);
    expect([world.changes(), started.publisher.wants(0)]).toEqual([[], false]);

    world.row().acceptedMark = 9n;
    world.row().haltReason = null;
    await live(started);
    world.commit(10);
    await marked(world);
    expect(world.changes()).toEqual(world.expected().slice(9)); // rows up to the accepted mark count as published
  });

  it('halts when the outbox falls behind its mark under it', async () => {
    const started = world.start();
    world.commit(6);
    started.publisher.setShards([0]);
    await published(world);
    world.row().outSeq = 4n; // an older database
    world.row().publishedSeq = 4n;
    await soon('the shard to halt', () => world.row().haltReason === 'MARK_BEYOND_OUTBOX');
  });

  it('starts again from the mark in Postgres when an operator has raised the epoch', async () => {
    const started = world.start();
    world.commit(6);
    started.publisher.setShards([0]);
    await marked(world);
    world.row().publishedSeq = 2n;
    world.row().markEpoch = 1n;
    await soon('rows 3 to 6 to be published again', () => world.changes().length === 10);
    expect(world.changes()).toEqual(['1', '2', '3', '4', '5', '6', '3', '4', '5', '6']);
    expect(world.kafka.offsets.get(place())?.metadata).toBe(markMetadata(1n, 6n));
  });

  it('halts at the row that Kafka refuses, named, with all before it published', async () => {
    world.kafka.maxMessageBytes = 10;
    world.commit(6);
    world.commit(1, 0, 'x'.repeat(11));
    world.commit(6);
    const started = world.start();
    started.publisher.setShards([0]);
    await soon('the shard to halt', () => world.row().haltReason === 'OUTPUT_REFUSED');
    expect(world.changes()).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(world.halts).toEqual([expect.stringMatching(/^row 7 of the outbox: .*too large/)]);

    world.row().publishedSeq = 7n; // the operator skips it
    world.row().haltReason = null;
    await marked(world);
    expect(world.changes()).toEqual(['1', '2', '3', '4', '5', '6', '8', '9', '10', '11', '12', '13']);
  });

  it('keeps only so many rows in memory and reads the rest back later', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const started = world.start({ onStep: (step) => (step === 'P4_SENT' ? gate : undefined) });
    started.publisher.setShards([0]);
    await live(started);
    let kept = 0;
    for (let i = 0; i < 40; i++) {
      const handover = world.commit(2);
      if (started.publisher.wants(0)) kept += 2;
      started.publisher.offer(handover);
    }
    expect(kept).toBeLessThan(20);
    open();
    await published(world);
    expect(world.changes()).toEqual(world.expected());
  });

  it('finds rows that another process committed into its shard', async () => {
    const started = world.start();
    started.publisher.setShards([0]);
    await live(started);
    world.commit(3); // never handed over
    started.publisher.offer(world.commit(2));
    await published(world);
    expect(world.changes()).toEqual(world.expected());
  });

  it('publishes what is at hand when it is closed, and leaves no connection', async () => {
    const started = world.start({ tuning: { minIntervalMs: 60_000, maxIntervalMs: 60_000 } });
    started.publisher.setShards([0]);
    await live(started);
    started.publisher.offer(world.commit(2));
    await published(world);
    started.publisher.offer(world.commit(2)); // waits for the interval
    await started.publisher.close(2_000);
    expect([world.changes(), world.row().publishedSeq, world.kafka.connected]).toEqual([world.expected(), 4n, 0]);
  });

  it('is closed at the deadline when Kafka hangs', async () => {
    const started = world.start({ onStep: (step) => (step === 'P4_SENT' ? new Promise(() => undefined) : undefined) });
    started.publisher.setShards([0]);
    await live(started);
    started.publisher.offer(world.commit(2));
    await started.publisher.close(20);
    started.isDead = true;
    expect(world.changes()).toEqual([]);
  });

  it('waits longer between transactions the more shards are busy', async () => {
    const started = world.start({
      tuning: {
        minIntervalMs: 5,
        maxIntervalMs: 100,
        maxTransactionsPerSecond: 200,
        maxTransactionRows: 100_000,
        maxWaitingRows: 100_000,
      },
    });
    const all = [...world.rows.keys()];
    started.publisher.setShards(all);
    await soon('all to be live', () => all.every((shard) => started.publisher.wants(shard)));
    const startedMs = performance.now();
    while (performance.now() - startedMs < 500) {
      for (const shard of all) started.publisher.offer(world.commit(1, shard));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    // 200 a second; two for each shard more at the start, when nothing is known of how busy they are.
    expect(started.transactions.length).toBeLessThan(100 + 3 * all.length);
  });
});

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      shard: fc.nat(1),
      rows: fc.integer({ min: 1, max: 6 }),
      to: fc.constantFrom('first', 'second', 'both', 'nobody', 'late'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('shards' as const), who: fc.nat(1), shards: fc.subarray([0, 1]) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      lost: fc.constantFrom('request', 'reply'),
      after: fc.nat(6),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('store' as const), isAway: fc.boolean() }) },
);

describe('two publishers under any interleaving of faults', () => {
  it('bring every row to a read_committed reader exactly once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const world = createPublicationWorld([0, 1]);
        const both = [world.start(), world.start()];
        let countdown = -1;
        let lost: 'request' | 'reply' = 'reply';
        world.kafka.fault = () => (countdown-- === 0 ? lost : 'none');
        const late: ReturnType<World['commit']>[] = [];
        both[0]?.publisher.setShards([0, 1]);
        for (const step of actions) {
          if (step.kind === 'commit') {
            const handover = world.commit(step.rows, step.shard);
            if (step.to === 'late') late.push(handover);
            if (step.to === 'first' || step.to === 'both') both[0]?.publisher.offer(handover);
            if (step.to === 'second' || step.to === 'both') both[1]?.publisher.offer(handover);
          } else if (step.kind === 'shards') both[step.who]?.publisher.setShards(step.shards);
          else if (step.kind === 'store') world.isStoreAway = step.isAway;
          else {
            countdown = step.after as number;
            lost = step.lost as 'request' | 'reply';
          }
          await new Promise<void>((resolve) => setImmediate(resolve));
          if (late.length > 1) both[0]?.publisher.offer(late.pop() ?? new Map());
        }
        world.isStoreAway = false;
        both[1]?.publisher.setShards([]);
        both[0]?.publisher.setShards([0, 1]);
        for (const shard of [0, 1]) {
          await published(world, shard);
          await marked(world, shard);
          expect(world.changes(shard)).toEqual(world.expected(shard));
        }
        await world.close();
        expect(world.kafka.connected).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
