import { settled } from '../testing/fixtures';
import { createAssignment, type PartitionControl } from './assignment';

/** Postgres in memory; each claim can be held at the moment its epoch is raised. */
function createTrial() {
  const rows = new Map<number, { epoch: bigint; nextOffset: bigint; haltReason: string | null }>();
  const world = {
    hold: undefined as Promise<void> | undefined,
    isStoreAway: false,
    claims: 0,
    errors: 0,
    halts: [] as string[],
    waits: 0,
  };
  const store = {
    query: async (text: string, values: unknown[]) => {
      const partition = Number(values[1]);
      if (world.isStoreAway) throw new Error('the store is away');
      if (text.startsWith('INSERT') && !rows.has(partition))
        rows.set(partition, { epoch: 1n, nextOffset: 0n, haltReason: null });
      const row = rows.get(partition);
      if (!row) return { rows: [] };
      if (text.includes('epoch = epoch + 1')) {
        world.claims++;
        await world.hold;
        row.epoch += 1n;
        return {
          rows: [
            {
              topic_id: 'id',
              epoch: String(row.epoch),
              next_offset: String(row.nextOffset),
              halt_reason: row.haltReason,
            },
          ],
        };
      }
      if (text.includes('halt_reason = $4') && String(row.epoch) === values[2])
        row.haltReason = values[3] as string | null;
      return { rows: [] };
    },
  };
  const calls: string[] = [];
  const control = (name: string): PartitionControl => ({
    pause: (partitions) => void calls.push(`${name} pause ${partitions.join()}`),
    resumeAt: (partition, offset) => void calls.push(`${name} resume ${partition}@${offset}`),
  });
  const assignment = createAssignment({
    topic: 'events',
    owner: 'me',
    store: store as never,
    log: {
      readTopicId: async () => 'id',
      readWatermarks: async () => new Map([0, 1].map((p) => [p, { low: 0n, high: 100n }])),
    },
    wait: async () => {
      world.waits++;
      await settled();
    },
    jitter: () => 0.5,
    nowMs: () => 0,
    onChange: () => undefined,
    onClaimError: () => {
      world.errors++;
    },
    onHalt: (_, reason) => world.halts.push(reason),
  });
  return { assignment, control, calls, world, rows };
}

const gate = () => {
  let open: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
};
const rest = async () => {
  for (let i = 0; i < 20; i++) await settled();
};

describe('an assignment', () => {
  it('pauses everything before it returns, and lets each partition go on from its claimed offset', async () => {
    const { assignment, control, calls, rows } = createTrial();
    rows.set(1, { epoch: 4n, nextOffset: 42n, haltReason: null });
    assignment.begin([0, 1], control('a'));
    expect(calls).toEqual(['a pause 0,1']);
    expect(assignment.active(0)).toBeUndefined();
    await rest();
    expect(calls.slice(1).sort()).toEqual(['a resume 0@0', 'a resume 1@42']);
    expect(assignment.active(1)).toMatchObject({ epoch: 5n, fetchCursor: 42n, appliedOffset: 42n });
  });

  it('ends everything of the one before: its claims never become active, its partitions are not current', async () => {
    const { assignment, control, calls, world } = createTrial();
    assignment.begin([0], control('a'));
    await rest();
    const old = assignment.active(0);
    const { closed, open } = gate();
    world.hold = closed;
    assignment.begin([0, 1], control('b')); // these claims hang in Postgres
    await rest();
    world.hold = undefined;
    assignment.begin([1], control('c'));
    await rest();
    open();
    await rest();
    expect(old?.isCurrent).toBe(false);
    expect([...assignment.states().keys()]).toEqual([1]);
    expect(calls.filter((call) => call.startsWith('b'))).toEqual(['b pause 0,1']);
    expect(assignment.active(1)?.isCurrent).toBe(true);
  });

  it('claims anew after a lost fence, once, however many batches report it', async () => {
    const { assignment, control, world } = createTrial();
    assignment.begin([0], control('a'));
    await rest();
    const first = assignment.active(0);
    if (!first) throw new Error('not claimed');
    assignment.reclaim(first);
    assignment.reclaim(first);
    expect(assignment.states().get(0)).toEqual({ kind: 'lost' });
    await rest();
    expect(world.claims).toBe(2);
    expect(assignment.active(0)).toMatchObject({ epoch: 3n });
    assignment.reclaim(first); // reported late: the new claim is not touched
    await rest();
    expect(world.claims).toBe(2);
  });

  it('does not claim anew what was given away meanwhile', async () => {
    const { assignment, control, world } = createTrial();
    assignment.begin([0], control('a'));
    await rest();
    const owned = assignment.active(0);
    if (owned) assignment.reclaim(owned);
    assignment.end();
    await rest();
    expect([world.claims, assignment.states().size]).toEqual([1, 0]);
  });

  it('keeps claiming while Postgres is away, and stops at the end of the assignment', async () => {
    const { assignment, control, world } = createTrial();
    world.isStoreAway = true;
    assignment.begin([0], control('a'));
    await rest();
    expect(world.errors).toBeGreaterThan(2);
    world.isStoreAway = false;
    await rest();
    expect(assignment.active(0)).toBeDefined();
    world.isStoreAway = true;
    assignment.begin([0], control('b'));
    await rest();
    assignment.end();
    await rest();
    const { errors } = world;
    await rest();
    expect(world.errors).toBe(errors);
  });

  it('halts one partition, writes why, and leaves the others', async () => {
    const { assignment, control, calls, world, rows } = createTrial();
    assignment.begin([0, 1], control('a'));
    await rest();
    const owned = assignment.active(0);
    if (owned) assignment.halt(owned, 'TOO_MANY_BAD_RECORDS', 'why');
    await rest();
    expect(assignment.states().get(0)).toEqual({
      kind: 'halted',
      reason: 'TOO_MANY_BAD_RECORDS',
      detail: 'why',
      isRecorded: true,
    });
    expect([world.halts, rows.get(0)?.haltReason, calls.at(-1)]).toEqual([
      ['TOO_MANY_BAD_RECORDS'],
      'TOO_MANY_BAD_RECORDS',
      'a pause 0',
    ]);
    expect(assignment.active(1)?.isCurrent).toBe(true);
    assignment.begin([0], control('b')); // a rebalance is no answer to it
    await rest();
    expect(assignment.states().get(0)?.kind).toBe('halted');
  });

  it('clears a halt that no longer holds', async () => {
    const { assignment, control, rows } = createTrial();
    rows.set(0, { epoch: 1n, nextOffset: 5n, haltReason: 'POSITION_BEYOND_LOG_END' });
    assignment.begin([0], control('a'));
    await rest();
    expect([assignment.active(0)?.appliedOffset, rows.get(0)?.haltReason]).toEqual([5n, null]);
  });
});
