import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { createMemoryStreakStore } from '@streaks/shared/redis/streaks/create-memory-streak-store';
import { Registry } from 'prom-client';
import { createQueryMetrics } from '../../metrics';
import type { StoredStreak } from '../../stores/read-model';
import { createStoreCircuit, StoreUnavailable } from '../../stores/store-circuit';
import { stateOf } from '../../testing/query-app-harness';
import { createStreakReader } from './streak-reader';

const inRedis = stateOf(['2025-01-13', '2025-01-14']);
const inPostgres = stateOf(['2025-01-10']);

async function createReader({ isFilled }: { readonly isFilled: boolean }) {
  const memory = createMemoryStreakStore();
  const control = { redisFails: false, postgresFails: false };
  const calls: { redis: (readonly string[])[]; postgres: (readonly string[])[] } = { redis: [], postgres: [] };
  const rows: StoredStreak[] = [{ userId: 'stored', ruleId: 'focus', state: inPostgres, generation: 1n }];
  await memory.beginFill('test');
  if (isFilled) await memory.markFilled(1n, 'test');
  await memory.writeAll([{ userId: 'found', ruleId: 'focus', generation: 1n, state: inRedis }]);
  const reader = createStreakReader({
    store: {
      ...memory,
      async readMany(userIds, ruleId) {
        calls.redis.push(userIds);
        if (control.redisFails) throw new Error('connection lost');
        return memory.readMany(userIds, ruleId);
      },
    },
    redisCircuit: createStoreCircuit({
      store: 'redis',
      isOutage: () => true,
      monotonicMs: () => 0,
      onChange: () => undefined,
    }),
    readModel: {
      async readStreaks(userIds) {
        calls.postgres.push(userIds);
        if (control.postgresFails) throw new StoreUnavailable('postgres');
        return rows.filter(({ userId }) => userIds.includes(userId));
      },
    },
    refiller: { offer: () => undefined, idle: async () => undefined },
    metrics: createQueryMetrics(new Registry()),
  });
  const readAll = (userIds: readonly string[]): Promise<PromiseSettledResult<StreakState>[]> =>
    Promise.allSettled(userIds.map((userId) => reader.readUser(userId, 'focus')));
  return { readAll, control, calls };
}

describe('users read in one turn of the event loop', () => {
  it('share one read of Redis, and each gets their own state', async () => {
    const { readAll, calls } = await createReader({ isFilled: true });
    const answers = await readAll(['found', 'nobody', 'found']);
    expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value)).toEqual([
      inRedis,
      emptyStreakState,
      inRedis,
    ]);
    expect(calls.redis).toEqual([['found', 'nobody', 'found']]);
  });

  it('share one query of Postgres while Redis fails, which counts as one failure', async () => {
    const { readAll, control, calls } = await createReader({ isFilled: true });
    control.redisFails = true;
    const answers = await readAll(['stored', 'a', 'b', 'c', 'd']);
    expect(answers[0]).toEqual({ status: 'fulfilled', value: inPostgres });
    expect(calls.postgres).toEqual([['stored', 'a', 'b', 'c', 'd']]);
    control.redisFails = false;
    // Five requests of one failed read do not give the store up.
    expect(await readAll(['found'])).toEqual([{ status: 'fulfilled', value: inRedis }]);
  });

  it('fail only where nobody can tell: one without an answer takes no other with it', async () => {
    const { readAll, control } = await createReader({ isFilled: false });
    control.postgresFails = true;
    const [found, missing] = await readAll(['found', 'stored']);
    expect(found).toEqual({ status: 'fulfilled', value: inRedis });
    expect(missing).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    control.postgresFails = false;
    expect(await readAll(['stored', 'found'])).toMatchObject([{ value: inPostgres }, { value: emptyStreakState }]);
  });
});
