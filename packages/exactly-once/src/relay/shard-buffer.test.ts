import fc from 'fast-check';
import type { Change } from '../projection';
import { addHandover, canTake, type Handover, type ShardState, takeContiguous } from './shard-buffer';

const live = (nextSeq: bigint): ShardState<Change> => ({ kind: 'live', nextSeq, waiting: [] });
const handover = (firstSeq: bigint, lastSeq: bigint, isLetter = false): Handover<Change> => ({
  firstSeq,
  lastSeq,
  changes: isLetter
    ? []
    : Array.from({ length: Number(lastSeq - firstSeq) + 1 }, (_, i) => ({
        shard: 0,
        seq: firstSeq + BigInt(i),
        recordedAtMs: 0,
        change: { shardKey: 'a' },
      })),
});

describe('the buffer of a shard', () => {
  it('accepts nothing unless it is live', () => {
    for (const state of [{ kind: 'starting' }, { kind: 'reading-back', afterSeq: 3n }] as const) {
      expect(addHandover(state, handover(1n, 2n))).toBe(state);
      expect(takeContiguous(state)).toBeUndefined();
    }
  });

  it('drops what it has passed already', () => {
    const state = live(5n);
    expect(addHandover(state, handover(3n, 4n))).toBe(state);
  });

  it('keeps what comes before its time until the gap is filled', () => {
    let state = addHandover(live(1n), handover(3n, 4n));
    expect(takeContiguous(state)).toBeUndefined();
    state = addHandover(state, handover(1n, 2n));
    expect(takeContiguous(state)).toMatchObject({ lastSeq: 4n, rest: { nextSeq: 5n, waiting: [] } });
  });

  it('passes the numbers of dead letters, which have no change', () => {
    const state = addHandover(addHandover(live(1n), handover(1n, 3n, true)), handover(4n, 4n));
    expect(takeContiguous(state)?.changes.map((c) => c.seq)).toEqual([4n]);
  });

  it('gives every row once and in order, whatever order the handovers came in', () => {
    const scenario = fc
      .array(
        fc.record({ size: fc.integer({ min: 1, max: 5 }), isLetter: fc.boolean(), rank: fc.double({ noNaN: true }) }),
      )
      .chain((sizes) => fc.record({ sizes: fc.constant(sizes), takes: fc.array(fc.boolean()) }));
    fc.assert(
      fc.property(scenario, ({ sizes, takes }) => {
        let next = 1n;
        const made = sizes.map(({ size, isLetter, rank }) => {
          const made = handover(next, next + BigInt(size) - 1n, isLetter);
          next += BigInt(size);
          return { made, rank };
        });
        const expected = made.flatMap(({ made }) => made.changes.map((c) => c.seq));
        let state = live(1n);
        const got: bigint[] = [];
        const take = () => {
          const taken = takeContiguous(state);
          expect(taken !== undefined).toBe(canTake(state));
          if (!taken) return;
          got.push(...taken.changes.map((c) => c.seq));
          state = taken.rest;
        };
        [...made]
          .sort((a, b) => a.rank - b.rank)
          .forEach(({ made }, i) => {
            state = addHandover(state, made);
            if (takes[i]) take();
          });
        take();
        expect(got).toEqual(expected);
        expect(state).toEqual({ kind: 'live', nextSeq: next, waiting: [] });
      }),
    );
  });
});
