import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createReplyListener } from './reply-listener';

const event = { userId: 'u1', eventId: 's1' };
const channel = 'p:reply:process-1';

/** A subscriber in memory: only what the listener uses of ioredis. */
function createSubscriber() {
  const subscribed: string[] = [];
  const events = new EventEmitter();
  const subscriber = Object.assign(events, {
    status: 'ready',
    isDeaf: false,
    reconnects: 0,
    subscribe: async (name: string) => {
      if (subscriber.isDeaf) throw new Error('no reply');
      subscribed.push(name);
    },
    disconnect: () => {
      subscriber.reconnects += 1;
    },
  });
  const reply = (message: unknown) =>
    events.emit('message', channel, typeof message === 'string' ? message : JSON.stringify(message));
  const lose = () => {
    subscriber.status = 'reconnecting';
    events.emit('close');
  };
  const regain = async () => {
    subscriber.status = 'ready';
    events.emit('ready');
    await turn();
  };
  return { subscriber, subscribed, reply, lose, regain };
}

const listeners: { stop(): void }[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.stop();
});

async function createListener(maxWaits = 10, confirmEveryMs = 60_000) {
  const fake = createSubscriber();
  const listener = createReplyListener({
    subscriber: fake.subscriber as unknown as Redis,
    keyPrefix: 'p:',
    processId: 'process-1',
    maxWaits,
    confirmEveryMs,
  });
  listeners.push(listener);
  await turn();
  return { ...fake, listener };
}

const idOf = (replyTo: string | undefined) => replyTo?.split('#')[1];

describe('createReplyListener', () => {
  it('subscribes once to the channel of the process and gives each wait the reply of its id', async () => {
    const { listener, reply, subscribed } = await createListener();
    const one = listener.expect(event);
    const other = listener.expect({ userId: 'u2', eventId: 's1' });
    expect(one?.replyTo.startsWith(`${channel}#`)).toBe(true);
    expect(one?.replyTo).not.toBe(other?.replyTo);
    // Before they are asked for, and in the other order.
    reply({ id: idOf(other?.replyTo), userId: 'u2', eventId: 's1', outcome: 'duplicate' });
    const state = { runs: [{ first: 3, length: 2 }], timezone: 'UTC', version: 1, updatedAtMs: 5 };
    reply({ id: idOf(one?.replyTo), ...event, outcome: 'processed', changeType: 'FIRST_ACTIVITY', state });
    expect(await one?.outcome(1_000)).toEqual({ outcome: 'processed', changeType: 'FIRST_ACTIVITY', state });
    expect(await other?.outcome(1_000)).toEqual({ outcome: 'duplicate' });
    expect(subscribed).toEqual([channel]);
  });

  it('hands on what bridges missed days', async () => {
    const { listener, reply } = await createListener();
    const waiter = listener.expect({ userId: 'u1' });
    const bridging = {
      freezes: [
        { from: 3, rule: { earnEvery: 7, cap: 2 } },
        { from: 9, rule: null },
      ],
      pauses: [{ first: 4, last: 5 }],
    };
    const state = { runs: [], timezone: null, version: 2, updatedAtMs: 5, bridging, isUnlisted: true };
    reply({ id: idOf(waiter?.replyTo), userId: 'u1', outcome: 'processed', state });
    expect((await waiter?.outcome(1_000))?.state).toEqual(state);
  });

  it.each([
    ['that cannot be read', () => 'no json'],
    ['with an unknown outcome', (id: string) => ({ id, ...event, outcome: 'exploded' })],
    ['to another wait', () => ({ id: 'zz', ...event, outcome: 'processed' })],
    ['to another event', (id: string) => ({ id, ...event, eventId: 'other', outcome: 'processed' })],
    ['to another user', (id: string) => ({ id, ...event, userId: 'other', outcome: 'processed' })],
  ])('takes no notice of a reply %s', async (_name, message) => {
    const { listener, reply } = await createListener();
    const waiter = listener.expect(event);
    reply(message(idOf(waiter?.replyTo) ?? ''));
    expect(await waiter?.outcome(10)).toBeUndefined();
  });

  it('does not wait where it cannot: too many waits, Redis away, stopping', async () => {
    const { listener, lose, regain } = await createListener(1);
    const first = listener.expect(event);
    expect(listener.expect(event)).toBeUndefined();
    first?.cancel();
    const second = listener.expect(event);
    expect(second).toBeDefined();
    await second?.outcome(1);
    lose();
    expect(listener.expect(event)).toBeUndefined();
    await regain();
    expect(listener.expect(event)).toBeDefined();
    listener.stop();
    expect(listener.expect(event)).toBeUndefined();
  });

  it('subscribes again when Redis is back, and open waits still hear it', async () => {
    const { listener, subscribed, reply, lose, regain } = await createListener();
    const waiter = listener.expect(event);
    lose();
    await regain();
    expect(subscribed).toEqual([channel, channel]);
    reply({ id: idOf(waiter?.replyTo), ...event, outcome: 'processed' });
    expect(await waiter?.outcome(1_000)).toEqual({ outcome: 'processed' });
  });

  it('finds out that a connection is dead and has it made anew', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { listener, subscriber } = await createListener(10, 1_000);
      subscriber.isDeaf = true;
      await jest.advanceTimersByTimeAsync(1_000);
      expect(listener.expect(event)).toBeUndefined();
      expect(subscriber.reconnects).toBe(0);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(subscriber.reconnects).toBe(1);
      subscriber.isDeaf = false;
      await jest.advanceTimersByTimeAsync(1_000);
      expect(listener.expect(event)).toBeDefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends every wait when it is stopped', async () => {
    const { listener } = await createListener();
    const waiter = listener.expect(event);
    const outcome = waiter?.outcome(60_000);
    listener.stop();
    expect(await outcome).toBeUndefined();
  });

  it('keeps nothing of ten thousand waits that ended, however they ended', async () => {
    const waits = 2_500;
    const { listener, reply } = await createListener(waits);
    for (const how of ['told', 'timed out', 'cancelled', 'told']) {
      const waiters = Array.from({ length: waits }, () => listener.expect(event));
      expect(listener.expect(event)).toBeUndefined();
      for (const waiter of waiters) {
        if (how === 'told') reply({ id: idOf(waiter?.replyTo), ...event, outcome: 'processed' });
        if (how === 'cancelled') waiter?.cancel();
      }
      if (how !== 'cancelled') await Promise.all(waiters.map((waiter) => waiter?.outcome(5)));
    }
    expect(listener.expect(event)).toBeDefined();
  });
});
