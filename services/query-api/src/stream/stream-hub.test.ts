import { waitFor } from '@streaks/testing/wait-for';
import { Registry } from 'prom-client';
import { createQueryMetrics } from '../metrics';
import type { HistoryPosition, StreakChange } from '../stores/read-model';
import { StoreUnavailable } from '../stores/store-circuit';
import { changeOf } from '../testing/memory-read-model';
import { createEventStream, type EventSink } from './event-stream';
import { createStreamHub, type StreamLimits } from './stream-hub';

const patient: StreamLimits = {
  maxStreams: 10,
  lookEveryMs: 1,
  heartbeatEveryMs: 60_000,
  maxAgeMs: 60_000,
  slowAfterMs: 60_000,
};

function prepare(limits: Partial<StreamLimits> = {}) {
  const registry = new Registry();
  const clock = { nowMs: 0 };
  const history = new Map<string, StreakChange[]>();
  const looks: (readonly HistoryPosition[])[] = [];
  const errors: unknown[] = [];
  const control: { fail: unknown } = { fail: undefined };
  const hub = createStreamHub({
    readModel: {
      async readNews(positions, limit) {
        looks.push(positions);
        if (control.fail !== undefined) throw control.fail;
        return positions.flatMap((position) => {
          const changes = (history.get(position.userId) ?? []).filter(({ ruleId }) => ruleId === position.ruleId);
          const currentVersion = changes.at(-1)?.version ?? 0;
          const above = changes.filter(({ version }) => version > position.version).slice(0, limit);
          return currentVersion === position.version ? [] : [{ position, currentVersion, changes: above }];
        });
      },
    },
    metrics: createQueryMetrics(registry),
    limits: { ...patient, ...limits },
    monotonicMs: () => clock.nowMs,
    onError: (error) => errors.push(error),
  });

  function open(userId: string, focus = 0) {
    const written: string[] = [];
    const control: { isFull: boolean; drain: (() => void)[]; end: string | undefined } = {
      isFull: false,
      drain: [],
      end: undefined,
    };
    const sink: EventSink = {
      write(text) {
        written.push(text);
        return !control.isFull;
      },
      once: (_event, listener) => control.drain.push(listener),
      end: () => {
        control.end = 'end';
      },
      destroy: () => {
        control.end = 'destroy';
      },
    };
    const stream = createEventStream({
      userId,
      position: { focus, activity: 0 },
      sink,
      monotonicMs: () => clock.nowMs,
    });
    hub.add(stream);
    const versions = () =>
      [...written.join('').matchAll(/"versionAfter":(\d+)/g)].map(([, version]) => Number(version));
    return { stream, written, control, versions };
  }
  const store = (userId: string, version: number) => {
    history.set(userId, [...(history.get(userId) ?? []), changeOf(userId, version)]);
  };
  const until = (check: () => boolean) => waitFor(check, { description: 'the hub' });
  return { hub, open, store, looks, errors, control, clock, until, metrics: () => registry.metrics() };
}

let world: ReturnType<typeof prepare>;

afterEach(async () => {
  await world.hub.close();
});

describe('createStreamHub', () => {
  it('tells each stream its own news, of all streams by one look', async () => {
    world = prepare();
    world.store('a', 1);
    world.store('a', 2);
    world.store('b', 1);
    const fresh = world.open('a');
    const resumed = world.open('a', 1);
    const other = world.open('b');
    await world.until(() => other.versions().length === 1);
    expect(fresh.versions()).toEqual([1, 2]);
    expect(resumed.versions()).toEqual([2]);
    expect(world.looks[0]).toHaveLength(6);
    world.store('a', 3);
    await world.until(() => resumed.versions().length === 2);
    expect(fresh.versions()).toEqual([1, 2, 3]);
    expect(await world.metrics()).toContain('streaks_query_stream_events_total 6');
  });

  it('reads a long history page by page without waiting in between', async () => {
    world = prepare({ lookEveryMs: 60_000 });
    for (let version = 1; version <= 120; version += 1) {
      world.store('a', version);
    }
    const { versions } = world.open('a');
    await world.until(() => versions().length === 120);
    expect(versions()).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(world.looks).toHaveLength(3);
  });

  it('leaves out who does not read, and goes on where they were once they have read', async () => {
    world = prepare({ lookEveryMs: 60_000 });
    for (let version = 1; version <= 60; version += 1) {
      world.store('a', version);
    }
    const { control, versions } = world.open('a');
    control.isFull = true;
    await world.until(() => versions().length === 50);
    world.open('b');
    await world.until(() => world.looks.length >= 2);
    expect(versions()).toHaveLength(50);
    control.isFull = false;
    for (const listener of control.drain) listener();
    await world.until(() => versions().length === 60);
  });

  it('does not look while there is nobody to tell', async () => {
    world = prepare();
    const { stream } = world.open('a');
    await world.until(() => world.looks.length > 2);
    world.hub.remove(stream);
    const looked = world.looks.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.looks.length - looked).toBeLessThanOrEqual(1);
    expect(await world.metrics()).toContain('streaks_query_streams_ended_total{reason="client"} 1');
  });

  it('goes on after an outage, which is no error', async () => {
    world = prepare();
    const { versions } = world.open('a');
    world.control.fail = new StoreUnavailable('postgres');
    world.store('a', 1);
    await world.until(() => world.looks.length > 3);
    expect(world.errors).toEqual([]);
    world.control.fail = new TypeError('a bug');
    await world.until(() => world.errors.length > 0);
    world.control.fail = undefined;
    await world.until(() => versions().length === 1);
  });

  it('beats, ends what is old and cuts off what is slow', async () => {
    world = prepare({ heartbeatEveryMs: 5, maxAgeMs: 100, slowAfterMs: 50 });
    const slow = world.open('a');
    const quick = world.open('b');
    await world.until(() => quick.written.includes(': heartbeat\n\n'));
    slow.control.isFull = true;
    await world.until(() => slow.stream.congestedSinceMs !== undefined);
    world.clock.nowMs = 60;
    await world.until(() => slow.control.end === 'destroy');
    expect(quick.control.end).toBeUndefined();
    world.clock.nowMs = 100;
    await world.until(() => quick.control.end === 'end');
    const metrics = await world.metrics();
    expect(metrics).toContain('streaks_query_streams_ended_total{reason="slow"} 1');
    expect(metrics).toContain('streaks_query_streams_ended_total{reason="age"} 1');
    expect(metrics).toContain('streaks_query_streams 0');
  });

  it('has so many places and no more', () => {
    world = prepare({ maxStreams: 2 });
    const release = world.hub.reserve();
    world.hub.reserve();
    const reserve = () => world.hub.reserve();
    expect(reserve).toThrow(expect.objectContaining({ code: 'STREAKS_TOO_MANY_STREAMS', status: 503 }));
    release();
    release();
    reserve();
    expect(reserve).toThrow(expect.objectContaining({ code: 'STREAKS_TOO_MANY_STREAMS' }));
  });

  it('ends every stream when it is closed, and begins none after', async () => {
    world = prepare();
    const { control } = world.open('a');
    await world.hub.close();
    expect(control.end).toBe('end');
    const shuttingDown = expect.objectContaining({ code: 'STREAKS_SHUTTING_DOWN' });
    expect(() => world.hub.reserve()).toThrow(shuttingDown);
    expect(() => world.open('b')).toThrow(shuttingDown);
    expect(await world.metrics()).toContain('streaks_query_streams_ended_total{reason="shutdown"} 1');
  });
});
