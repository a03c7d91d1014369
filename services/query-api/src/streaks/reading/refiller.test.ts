import { createMemoryStreakStore } from '@streaks/shared/redis/streaks/create-memory-streak-store';
import type { StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import { Registry } from 'prom-client';
import { createQueryMetrics } from '../../metrics';
import type { StoreCircuit } from '../../stores/store-circuit';
import { createRefiller, MAX_WAITING_REFILLS } from './refiller';

const passThrough: StoreCircuit = { run: (work) => work() };

function write(userId: string, version = 1): StreakWrite {
  return {
    userId,
    ruleId: 'focus',
    generation: 1n,
    state: { runs: [], timezone: null, version, updatedAtMs: version },
  };
}

function prepare() {
  const store = createMemoryStreakStore();
  const calls: number[] = [];
  const registry = new Registry();
  const errors: unknown[] = [];
  const refiller = createRefiller({
    store: {
      async writeAll(writes) {
        calls.push(writes.length);
        return store.writeAll(writes);
      },
    },
    circuit: passThrough,
    metrics: createQueryMetrics(registry),
    onError: (error) => errors.push(error),
  });
  return { store, calls, registry, errors, refiller };
}

describe('createRefiller', () => {
  it('writes one at a time, and once per key what piles up meanwhile', async () => {
    const { refiller, calls, store } = prepare();
    refiller.offer([write('a')]);
    refiller.offer([write('b'), write('b'), write('c')]);
    refiller.offer([write('b')]);
    await refiller.idle();
    expect(calls).toEqual([1, 2]);
    expect((await store.readMany(['a', 'b', 'c'], 'focus')).map(({ lookup }) => lookup.kind)).toEqual([
      'found',
      'found',
      'found',
    ]);
  });

  it('drops what exceeds its bound instead of growing', async () => {
    const { refiller, registry } = prepare();
    refiller.offer([write('first')]);
    refiller.offer(Array.from({ length: MAX_WAITING_REFILLS + 5 }, (_, index) => write(`u${index}`)));
    await refiller.idle();
    expect(await registry.metrics()).toContain('streaks_query_refills_total{result="dropped"} 5');
  });

  it('tells of an error that is no outage, and goes on', async () => {
    const { refiller, errors, calls } = prepare();
    refiller.offer([write('a', -1)]);
    await refiller.idle();
    refiller.offer([write('a', 1)]);
    await refiller.idle();
    expect(errors).toEqual([expect.any(RangeError)]);
    expect(calls).toEqual([1, 1]);
  });
});
