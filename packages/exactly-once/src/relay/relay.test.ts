import fc from 'fast-check';
import type { Change, NumberedChange } from '../projection';
import { settled } from '../testing/fixtures';
import { createRelay, toHandovers } from './relay';

const SHARDS = [0, 1, 2];
const PAGE = 4;
const MAX_WAITING = 6;

interface Row {
  readonly seq: bigint;
  readonly isLetter: boolean;
}

/** Postgres and the sink as the relay sees them, with a clock moved by hand. */
function createWorld({ pollMaxMs = 2 } = {}) {
  const table = new Map<number, Row[]>(SHARDS.map((shard) => [shard, []]));
  const marks = new Map<number, bigint>(SHARDS.map((shard) => [shard, 0n]));
  const world = {
    nowMs: 0,
    isSinkAway: false,
    isStoreAway: false,
    /** While set, writes wait here before they count or fail. */
    gate: undefined as Promise<void> | undefined,
    received: new Map<number, bigint[]>(SHARDS.map((shard) => [shard, []])),
    writes: 0,
    largestWrite: 0,
    storeReads: 0,
    errors: 0,
    clockReads: 0,
    /** Anything but an outage that the relay met: the fakes check what they are told. */
    broken: undefined as unknown,
    backlog: -1,
    table,
    marks,
    /** One transaction: numbers of one shard. Returns what the applier would hand over. */
    commit(shard: number, rows: readonly boolean[]) {
      const list = table.get(shard) ?? [];
      const first = BigInt(list.length + 1);
      list.push(...rows.map((isLetter, i) => ({ seq: first + BigInt(i), isLetter })));
      const changes = rows.flatMap((isLetter, i) => (isLetter ? [] : [numbered(shard, first + BigInt(i))]));
      return toHandovers(changes, new Map([[shard, { firstSeq: first, lastSeq: BigInt(list.length) }]]));
    },
  };
  const accept = (changes: readonly NumberedChange<Change>[]) => {
    world.largestWrite = Math.max(world.largestWrite, changes.length);
    for (const { shard, seq } of changes) world.received.get(shard)?.push(seq);
  };
  const ask = async () => {
    world.storeReads++;
    await settled();
    if (world.isStoreAway) throw new Error('the store is away');
  };
  const relay = createRelay<Change>({
    sink: {
      async write(changes) {
        world.writes++;
        await (world.gate ?? settled());
        if (world.isSinkAway) throw new Error('the sink is away');
        accept(changes);
      },
      async writeBacklog(shard, afterSeq, limit) {
        await ask();
        const page = (table.get(shard) ?? []).filter((row) => !row.isLetter && row.seq > afterSeq).slice(0, limit);
        await (world.gate ?? settled());
        if (world.isSinkAway) throw new Error('the sink is away');
        accept(page.map(({ seq }) => numbered(shard, seq)));
        return { rows: page.length, lastSeq: page.at(-1)?.seq ?? afterSeq };
      },
    },
    async readMarks(shards) {
      await ask();
      return shards.map((shard) => ({
        shard,
        outSeq: BigInt(table.get(shard)?.length ?? 0),
        projectedSeq: marks.get(shard) ?? 0n,
      }));
    },
    async moveMarks(moved) {
      await ask();
      for (const [shard, seq] of moved) {
        const written = new Set(world.received.get(shard));
        for (const row of table.get(shard) ?? []) {
          if (row.seq <= seq && !row.isLetter && !written.has(row.seq))
            throw new Error(`mark ${seq} is ahead of ${row.seq}`);
        }
        if (seq > BigInt(table.get(shard)?.length ?? 0)) throw new Error(`mark ${seq} is beyond the end`);
        const before = marks.get(shard) ?? 0n;
        marks.set(shard, seq > before ? seq : before);
      }
      return new Set(moved.keys());
    },
    maxWaitingRows: MAX_WAITING,
    pageRows: PAGE,
    pollMinMs: 1,
    pollMaxMs,
    markEveryMs: 1,
    nowMs: () => {
      world.clockReads++;
      return world.nowMs;
    },
    onWritten: () => undefined,
    onBacklog: (rows) => {
      world.backlog = rows;
    },
    onError: (error) => {
      world.errors++;
      if (!/is away/.test(String(error))) world.broken = error;
    },
  });
  return Object.assign(world, { relay });
}

const numbered = (shard: number, seq: bigint): NumberedChange<Change> => ({
  shard,
  seq,
  recordedAtMs: 0,
  change: { shardKey: `${shard}` },
});

type World = ReturnType<typeof createWorld>;

/** Real timers are a few ms here; the clock moves far enough for polls, marks and retries to be due. */
const until = async (world: World, condition: () => boolean) => {
  for (let i = 0; i < 400 && !condition(); i++) {
    world.nowMs += 100;
    world.relay.offer(new Map()); // wakes it, as any commit does
    await settled();
  }
  expect(condition()).toBe(true);
};
const firstTimes = (seqs: readonly bigint[]): bigint[] => [...new Set(seqs)];
const expected = (world: World, shard: number) =>
  (world.table.get(shard) ?? []).filter((row) => !row.isLetter).map((row) => row.seq);
const isDone = (world: World, shard: number) =>
  world.marks.get(shard) === BigInt(world.table.get(shard)?.length ?? 0) &&
  new Set(world.received.get(shard)).size === expected(world, shard).length;

describe('the relay', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.relay.close(1_000));

  it('reads back what was there before it, then takes what is handed over, and moves the marks to the end', async () => {
    world.commit(0, [false, true, false, false, false, false, true]);
    world.relay.setShards([0]);
    await until(world, () => isDone(world, 0));
    world.relay.offer(world.commit(0, [false, true]));
    await until(world, () => isDone(world, 0));
    expect(world.received.get(0)).toEqual(expected(world, 0)); // each once: nothing was written twice without need
  });

  it('leaves the shards of others alone', async () => {
    world.relay.setShards([0]);
    world.relay.offer(world.commit(1, [false]));
    world.relay.offer(world.commit(0, [false]));
    await until(world, () => isDone(world, 0));
    expect([world.received.get(1), world.marks.get(1)]).toEqual([[], 0n]);
  });

  it('finds rows that another process committed into its shard', async () => {
    world.relay.setShards([0]);
    world.relay.offer(world.commit(0, [false]));
    await until(world, () => isDone(world, 0));
    world.commit(0, [false, false]); // never handed over
    world.relay.offer(world.commit(0, [false]));
    await until(world, () => isDone(world, 0));
    expect(world.received.get(0)).toEqual([1n, 2n, 3n, 4n]);
  });

  it('asks a sink that is away twice a second, however many commits ring', async () => {
    world.relay.setShards([0]);
    world.relay.offer(world.commit(0, [false]));
    await until(world, () => isDone(world, 0));
    world.isSinkAway = true;
    for (let i = 0; i < 100; i++) {
      world.relay.offer(world.commit(0, [false]));
      world.nowMs += 10;
      await settled();
      await settled();
    }
    expect(world.errors).toBeGreaterThan(0);
    expect(world.errors).toBeLessThanOrEqual(3);
    world.isSinkAway = false;
    await until(world, () => isDone(world, 0));
    expect(firstTimes(world.received.get(0) ?? [])).toEqual(expected(world, 0));
  });

  it('keeps only so many rows in memory and reads the rest back later', async () => {
    world.relay.setShards([0, 1]);
    await until(world, () => world.backlog === 0);
    await settled();
    let open: () => void = () => undefined;
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    for (let i = 0; i < 50; i++) world.relay.offer(world.commit(i % 2, [false, false]));
    await settled();
    world.gate = undefined;
    open();
    await until(world, () => isDone(world, 0) && isDone(world, 1));
    expect(world.largestWrite).toBeLessThanOrEqual(MAX_WAITING);
    for (const shard of [0, 1]) expect(firstTimes(world.received.get(shard) ?? [])).toEqual(expected(world, shard));
  });

  it('sleeps while it has no shards', async () => {
    const idle = createWorld({ pollMaxMs: 10_000 });
    await settled();
    const before = idle.clockReads;
    await new Promise((resolve) => setTimeout(resolve, 30)); // nothing to poll for: nothing must happen
    expect(idle.clockReads - before).toBeLessThan(5);
    await idle.relay.close(1_000);
  });

  it('shows no backlog of shards it gave away', async () => {
    world.relay.setShards([0]);
    world.isSinkAway = true;
    world.commit(0, [false, false]);
    await until(world, () => world.backlog === 2);
    world.relay.setShards([]);
    expect(world.backlog).toBe(0);
  });

  it('does not move the mark of a shard that was given away during a write that failed', async () => {
    world.relay.setShards([0]);
    await until(world, () => world.backlog === 0);
    world.isSinkAway = true;
    let open: () => void = () => undefined;
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    world.relay.offer(world.commit(0, [false]));
    await settled();
    await settled();
    world.relay.setShards([]);
    world.relay.setShards([0]);
    world.gate = undefined;
    open();
    world.isSinkAway = true;
    await settled();
    expect(world.marks.get(0)).toBe(0n);
    world.isSinkAway = false;
    await until(world, () => isDone(world, 0));
  });

  it('writes what is at hand and the marks when it is closed', async () => {
    world.relay.setShards([0]);
    world.relay.offer(world.commit(0, [false]));
    await until(world, () => isDone(world, 0));
    world.relay.offer(world.commit(0, [false, true]));
    await world.relay.close(5_000);
    expect([world.received.get(0), world.marks.get(0)]).toEqual([[1n, 2n], 3n]);
  });

  it('is closed at the deadline when the sink hangs', async () => {
    world.relay.setShards([0]);
    await until(world, () => world.backlog === 0);
    let open: () => void = () => undefined;
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    world.relay.offer(world.commit(0, [false]));
    await settled();
    await world.relay.close(20);
    open();
  });
});

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      shard: fc.nat(2),
      rows: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
      isForeign: fc.boolean(),
      isLate: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('shards' as const), shards: fc.subarray(SHARDS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sink' as const), isAway: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('store' as const), isAway: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(600) }) },
);

describe('the relay under any interleaving', () => {
  it('brings every row to the sink in order, no mark ahead of a row, memory bounded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const world = createWorld();
        const late: ReturnType<World['commit']>[] = [];
        for (const step of actions) {
          if (step.kind === 'commit') {
            const handovers = world.commit(step.shard, step.rows);
            if (step.isLate) late.push(handovers);
            else if (!step.isForeign) world.relay.offer(handovers);
          } else if (step.kind === 'shards') world.relay.setShards(step.shards);
          else if (step.kind === 'sink') world.isSinkAway = step.isAway;
          else if (step.kind === 'store') world.isStoreAway = step.isAway;
          else world.nowMs += step.ms;
          await settled();
          if (late.length > 1) world.relay.offer(late.pop() ?? new Map());
        }
        for (const handovers of late) world.relay.offer(handovers);
        world.isSinkAway = false;
        world.isStoreAway = false;
        world.relay.setShards(SHARDS);
        await until(world, () => SHARDS.every((shard) => isDone(world, shard)));
        await world.relay.close(1_000);
        expect(world.broken).toBeUndefined();
        for (const shard of SHARDS) {
          const seqs = world.received.get(shard) ?? [];
          expect(firstTimes(seqs)).toEqual(expected(world, shard));
        }
        expect(world.largestWrite).toBeLessThanOrEqual(MAX_WAITING);
      }),
      { numRuns: 60 },
    );
  });
});
