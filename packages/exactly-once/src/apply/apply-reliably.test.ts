import type { ClientBase } from 'pg';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { Applied, Change, Projection } from '../projection';
import { batchOf, ownedPartition, settled } from '../testing/fixtures';
import type { AppliedBatches, ApplyContext } from './apply-batches';
import { createReliableApply, type StoreErrorKind } from './apply-reliably';

class StoreError extends Error {
  constructor(
    readonly kind: StoreErrorKind,
    readonly code?: string,
  ) {
    super(`store error: ${kind}`);
  }
}

interface Row {
  epoch: bigint;
  nextOffset: bigint;
}

/** Progress rows as Postgres keeps them, and a COMMIT that can lose its request or its reply. */
function createTrial(partitions: readonly number[] = [0]) {
  const rows = new Map<number, Row>(partitions.map((p) => [p, { epoch: 1n, nextOffset: 0n }]));
  const applied: bigint[] = [];
  const rejected: string[] = [];
  let pending: { rows: Map<number, bigint>; events: bigint[]; letters: string[] } | undefined;
  const trial = {
    rows,
    applied,
    rejected,
    /** Called for each apply; throws what the store would. */
    onApply: (_events: readonly bigint[], _attempt: number): void => undefined,
    onCommit: (_commit: () => void): string => 'COMMIT',
    onConnect: (): void => undefined,
    connects: 0,
    waits: 0,
    attempts: [] as number[],
    ambiguous: [] as string[],
    fenced: [] as number[],
    committed: [] as AppliedBatches<bigint, Change, number>[],
    fails: 0,
  };
  const commit = () => {
    for (const [partition, nextOffset] of pending?.rows ?? []) {
      const row = rows.get(partition);
      if (row) row.nextOffset = nextOffset;
    }
    applied.push(...(pending?.events ?? []));
    rejected.push(...(pending?.letters ?? []));
    pending = undefined;
  };
  const answer = (text: string, values: readonly unknown[]) => {
    if (text === 'BEGIN') pending = { rows: new Map(), events: [], letters: [] };
    if (text === 'ROLLBACK') pending = undefined;
    if (text === 'COMMIT') {
      const command = trial.onCommit(commit);
      if (command === 'COMMIT' && pending) commit();
      return { command, rows: [] };
    }
    if (text.includes('FOR UPDATE OF p')) {
      const [, ids, epochs, offsets] = values as [string, number[], string[], string[]];
      const held = ids.filter(
        (id, i) => String(rows.get(id)?.epoch) === epochs[i] && String(rows.get(id)?.nextOffset) === offsets[i],
      );
      return { rows: held.map((partition) => ({ partition })) };
    }
    if (text.startsWith('SELECT partition, topic_id')) {
      const [, ids] = values as [string, number[]];
      return {
        rows: ids.map((partition) => ({
          partition,
          topic_id: '',
          halt_reason: null,
          epoch: String(rows.get(partition)?.epoch),
          next_offset: String(rows.get(partition)?.nextOffset),
        })),
      };
    }
    if (text.startsWith('UPDATE partition_progress')) {
      const [, ids, offsets] = values as [string, number[], string[]];
      ids.forEach((id, i) => {
        pending?.rows.set(id, BigInt(offsets[i] ?? 0));
      });
    }
    if (text.startsWith('SELECT shard'))
      return { rows: (values[0] as number[]).map((shard) => ({ shard, out_seq: '0' })) };
    if (text.startsWith('INSERT INTO dead_letters')) {
      pending?.letters.push(
        ...(JSON.parse(String(values[0])) as { offset: string; reason: string }[]).map(
          (l) => `${l.offset} ${l.reason}`,
        ),
      );
    }
    return { rows: [] };
  };
  const client = {
    query: async (query: string | { text: string; values: unknown[] }, values?: unknown[]) => {
      await settled();
      return typeof query === 'string' ? answer(query, values ?? []) : answer(query.text, query.values);
    },
  } as unknown as ClientBase;
  const projection: Projection<bigint, Change, number> = {
    decode: async () => [],
    async apply(_, records, attempt): Promise<Applied<Change, number>> {
      trial.attempts.push(attempt);
      trial.onApply(
        records.map((r) => r.event),
        attempt,
      );
      pending?.events.push(...records.map((r) => r.event));
      return { changes: [], rejected: [], outcome: records.length };
    },
    saveChanges: async () => undefined,
    committed: () => undefined,
  };
  const context: ApplyContext<bigint, Change, number> = {
    topic: 'events',
    shardCount: 1,
    shardOf: () => 0,
    projection,
  };
  const apply = createReliableApply<bigint, Change, number>({
    context,
    connection: {
      async get() {
        trial.onConnect();
        trial.connects++;
        return client as never;
      },
      discard: async () => {
        pending = undefined;
      },
    },
    classify: (error) => (error instanceof StoreError ? error.kind : 'bug'),
    wait: async () => {
      trial.waits++;
      await settled();
    },
    jitter: () => 0.5,
    onRetry: () => {
      trial.fails++;
    },
    onAmbiguousCommit: (outcome) => trial.ambiguous.push(outcome),
    onCommitted: (result) => trial.committed.push(result),
    onFenced: (batches) => {
      for (const { owned } of batches) {
        owned.isCurrent = false;
        trial.fenced.push(owned.partition);
      }
    },
  });
  return { trial, apply };
}

const failTimes = (times: number, error: () => Error) => {
  let left = times;
  return () => {
    if (left-- > 0) throw error();
  };
};

describe('applying batches until each is committed', () => {
  it.each([
    ['retry-now', 3],
    ['retry-now', 25],
    ['unavailable', 25],
  ] as const)('repeats after %s (%i times) and applies once', async (kind, times) => {
    const { trial, apply } = createTrial();
    const owned = ownedPartition();
    trial.onApply = failTimes(times, () => new StoreError(kind));
    await apply([batchOf(owned, [0n, 1n])]);
    expect([trial.applied, owned.appliedOffset, trial.fails]).toEqual([[0n, 1n], 2n, times]);
    // Only a conflict asks the projection for another way: a store that was away is no reason to avoid the fast one.
    expect(trial.attempts.at(-1)).toBe(kind === 'retry-now' ? times : 0);
  });

  it('ends without a word when the partition is no longer ours while the store is away', async () => {
    const { trial, apply } = createTrial();
    const owned = ownedPartition();
    trial.onConnect = () => {
      if (trial.fails === 5) owned.isCurrent = false;
      throw new StoreError('unavailable');
    };
    await apply([batchOf(owned, [0n])]);
    expect([trial.applied, owned.appliedOffset]).toEqual([[], 0n]);
  });

  it('throws a bug', async () => {
    const { trial, apply } = createTrial();
    trial.onApply = failTimes(1, () => new TypeError('undefined is not'));
    await expect(apply([batchOf(ownedPartition(), [0n])])).rejects.toThrow('undefined is not');
  });

  it('takes a COMMIT answered with ROLLBACK for a bug and not for a lost reply', async () => {
    const { trial, apply } = createTrial();
    trial.onCommit = () => 'ROLLBACK';
    await expect(apply([batchOf(ownedPartition(), [0n])])).rejects.toThrow('answered with ROLLBACK');
    expect(trial.ambiguous).toEqual([]);
  });

  it('finds the records at fault among three partitions and makes dead letters of them alone', async () => {
    const { trial, apply } = createTrial([0, 1, 2]);
    const bad = new Set([3n, 12n, 19n]);
    trial.onApply = (events) => {
      if (events.some((event) => bad.has(event))) throw new StoreError('data', '23514');
    };
    const [one, two, three] = [0, 1, 2].map((partition) => ownedPartition({ partition })) as [
      OwnedPartition,
      OwnedPartition,
      OwnedPartition,
    ];
    const offsets = Array.from({ length: 10 }, (_, i) => BigInt(i));
    await apply([
      batchOf(one, offsets),
      batchOf(
        two,
        offsets.map((o) => o + 10n),
      ),
      batchOf(three, [0n, 1n, 2n], 4n),
    ]);
    expect(trial.rejected).toEqual(['3 REFUSED_BY_STORE', '12 REFUSED_BY_STORE', '19 REFUSED_BY_STORE']);
    expect(trial.applied).toHaveLength(9 + 8 + 3);
    expect([one.appliedOffset, two.appliedOffset, three.appliedOffset]).toEqual([10n, 20n, 4n]);
    expect(trial.rows.get(1)?.nextOffset).toBe(20n);
  });

  it('leaves the second half alone when the first has lost its fence', async () => {
    const { trial, apply } = createTrial();
    const owned = ownedPartition();
    trial.onApply = (events) => {
      if (events.length < 4) return;
      const row = trial.rows.get(0);
      if (row) row.epoch = 2n; // another owner claims between the whole and the halves
      throw new StoreError('data');
    };
    await apply([batchOf(owned, [0n, 1n, 2n, 3n])]);
    expect([trial.applied, trial.fenced, owned.isCurrent]).toEqual([[], [0], false]);
  });

  it('applies the others when one partition of the transaction is fenced', async () => {
    const { trial, apply } = createTrial([0, 1]);
    const [zero, one] = [ownedPartition({ partition: 0, epoch: 7n }), ownedPartition({ partition: 1 })];
    await apply([batchOf(zero, [0n]), batchOf(one, [5n])]);
    expect([trial.applied, trial.fenced, zero.appliedOffset, one.appliedOffset]).toEqual([[5n], [0], 0n, 6n]);
  });

  it('does not count a transaction in which all were fenced', async () => {
    const { trial, apply } = createTrial();
    await apply([batchOf(ownedPartition({ epoch: 9n }), [0n])]);
    expect(trial.committed).toEqual([]);
  });
});

describe('a COMMIT without an answer', () => {
  const lose = (what: 'request' | 'reply') => {
    let left = 1;
    return (commit: () => void) => {
      if (left-- <= 0) return 'COMMIT';
      if (what === 'reply') commit();
      throw Object.assign(new Error('Connection terminated unexpectedly'), {});
    };
  };

  it.each([
    ['reply', 'committed', 1],
    ['request', 'not-committed', 2],
  ] as const)('whose %s was lost is %s, and applied once', async (what, outcome, connects) => {
    const { trial, apply } = createTrial([0, 1]);
    const [zero, one] = [ownedPartition({ partition: 0 }), ownedPartition({ partition: 1 })];
    trial.onCommit = lose(what);
    await apply([batchOf(zero, [], 0n), batchOf(one, [5n])]); // the first partition moves nothing: it cannot tell
    expect([trial.ambiguous, trial.applied, one.appliedOffset]).toEqual([[outcome], [5n], 6n]);
    expect(trial.connects).toBe(connects + 1);
    expect(trial.committed).toHaveLength(1);
  });

  it('that committed tells so even when one of its partitions was claimed by another since', async () => {
    const { trial, apply } = createTrial([0, 1]);
    const [zero, one] = [ownedPartition({ partition: 0 }), ownedPartition({ partition: 1 })];
    trial.onCommit = (commit) => {
      commit();
      const row = trial.rows.get(0);
      if (row) row.epoch = 2n;
      throw new Error('Connection terminated unexpectedly');
    };
    await apply([batchOf(zero, [0n]), batchOf(one, [5n])]);
    expect([trial.ambiguous, trial.applied, one.appliedOffset]).toEqual([['committed'], [0n, 5n], 6n]);
  });

  it('is left to the successors when every partition was claimed by another', async () => {
    const { trial, apply } = createTrial();
    const owned = ownedPartition();
    trial.onCommit = () => {
      const row = trial.rows.get(0);
      if (row) row.epoch = 2n;
      throw new Error('Connection terminated unexpectedly');
    };
    await apply([batchOf(owned, [0n])]);
    expect([trial.ambiguous, trial.fenced, trial.applied]).toEqual([['lost'], [0], []]);
  });

  it('is not asked after for ever: a process that gave its partitions up can end while Postgres is away', async () => {
    const { trial, apply } = createTrial();
    const owned = ownedPartition();
    trial.onCommit = () => {
      trial.onConnect = () => {
        if (trial.fails === 5) owned.isCurrent = false;
        if (trial.fails > 50) throw new Error('asked for ever');
        throw new StoreError('unavailable');
      };
      throw new Error('Connection terminated unexpectedly');
    };
    await apply([batchOf(owned, [0n])]);
    expect(trial.fails).toBeLessThan(10);
  });
});
