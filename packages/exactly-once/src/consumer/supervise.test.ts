import { settled } from '../testing/fixtures';
import type { RunningConsumer } from './start-consumer';
import { type ConsumerLife, type SuperviseOptions, supervise } from './supervise';

interface Started {
  readonly life: ConsumerLife;
  readonly consumer: RunningConsumer;
  readonly finishStart: () => void;
  readonly failStart: (error: Error) => void;
  stops: number;
}

function createTrial(overrides: Partial<SuperviseOptions> = {}, { holdStarts = false } = {}) {
  const started: Started[] = [];
  const rebuilds: string[] = [];
  const givenUp: string[] = [];
  const world = { progress: 0n, stall: undefined as string | undefined };
  const supervisor = supervise({
    start: (life) =>
      new Promise((resolve, reject) => {
        const consumer: RunningConsumer = {
          mirror: async () => undefined,
          stop: async () => {
            one.stops++;
          },
        };
        const one: Started = { life, consumer, stops: 0, finishStart: () => resolve(consumer), failStart: reject };
        started.push(one);
        if (!holdStarts) resolve(consumer);
      }),
    findStall: () => (started.length === 1 ? world.stall : undefined),
    progressMark: () => world.progress,
    checkEveryMs: 1,
    maxRebuildsWithoutProgress: 2,
    backoffMaxMs: 1,
    stopDeadlineMs: 1,
    wait: settled,
    onRebuild: (reason) => rebuilds.push(reason),
    onGiveUp: (reason) => givenUp.push(reason),
    ...overrides,
  });
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 200 && !condition(); i++) await settled();
    expect(condition()).toBe(true);
  };
  const crashNewest = async (message: string) => {
    const before = started.length;
    started.at(-1)?.life.onCrash(new Error(message));
    await until(() => started.length > before || givenUp.length > 0);
  };
  return { supervisor, started, rebuilds, givenUp, world, until, crashNewest };
}

describe('a supervised consumer', () => {
  it('is stopped and replaced by a fresh one after a crash', async () => {
    const { supervisor, started, rebuilds, crashNewest } = createTrial();
    await settled();
    await crashNewest('broker lost');
    await settled();
    expect(rebuilds).toEqual(['crash: broker lost']);
    expect(started[0]?.stops).toBe(1);
    expect(supervisor.consumer()).toBe(started[1]?.consumer);
    await supervisor.stop();
  });

  it('is given up after too many rebuilds without progress', async () => {
    const { rebuilds, givenUp, crashNewest } = createTrial();
    for (const reason of ['1', '2', '3']) await crashNewest(reason);
    expect(rebuilds).toEqual(['crash: 1', 'crash: 2']);
    expect(givenUp).toEqual(['crash: 3']);
  });

  it('is forgiven what it did before its last progress', async () => {
    const { supervisor, world, givenUp, rebuilds, crashNewest } = createTrial();
    for (let i = 0; i < 10; i++) {
      world.progress += 1n;
      await crashNewest(String(i));
    }
    expect([rebuilds.length, givenUp]).toEqual([10, []]);
    await supervisor.stop();
  });

  it('that cannot be started counts as a rebuild', async () => {
    const { started, givenUp, until } = createTrial({}, { holdStarts: true });
    for (let i = 0; i < 3; i++) {
      await until(() => started.length === i + 1);
      started[i]?.failStart(new Error('no broker'));
    }
    await until(() => givenUp.length === 1);
    expect(givenUp).toEqual(['start: no broker']);
  });

  it('whose start hangs is replaced, and leaves the group if it comes to life after all', async () => {
    const { supervisor, started, world, until } = createTrial({}, { holdStarts: true });
    await settled();
    world.stall = 'nothing fetched';
    await until(() => started.length === 2);
    started[0]?.finishStart();
    await until(() => started[0]?.stops === 1);
    expect(started[0]?.life.isOver()).toBe(true);
    expect(supervisor.consumer()).toBeUndefined();
    started[1]?.finishStart();
    await until(() => supervisor.consumer() === started[1]?.consumer);
    await supervisor.stop();
  });

  it('that was replaced cannot bring its successor down by crashing late', async () => {
    const { supervisor, started, rebuilds, crashNewest } = createTrial();
    await settled();
    await crashNewest('first');
    started[0]?.life.onCrash(new Error('late'));
    for (let i = 0; i < 10; i++) await settled();
    expect(rebuilds).toEqual(['crash: first']);
    await supervisor.stop();
  });

  it('that is still starting when we stop does not stay in the group', async () => {
    const { supervisor, started, until } = createTrial({}, { holdStarts: true });
    await settled();
    await supervisor.stop();
    started[0]?.finishStart();
    await until(() => started[0]?.stops === 1);
    expect(started).toHaveLength(1);
  });
});
