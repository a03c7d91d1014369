import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { createReplyListener } from './reply-listener';

const session = { userId: 'u1', sessionId: 's1' };

/** A subscriber in memory: only what the listener uses of ioredis. */
function createSubscriber() {
  const channels = new Set<string>();
  const events = new EventEmitter();
  const subscriber = Object.assign(events, {
    status: 'ready',
    isAway: false,
    subscribe: async (channel: string) => {
      if (subscriber.isAway) throw new Error('away');
      channels.add(channel);
    },
    unsubscribe: async (channel: string) => {
      channels.delete(channel);
    },
  });
  const reply = (channel: string, message: unknown) =>
    events.emit('message', channel, typeof message === 'string' ? message : JSON.stringify(message));
  return { subscriber, channels, reply };
}

function createListener(maxWaits = 10) {
  const fake = createSubscriber();
  let id = 0;
  const listener = createReplyListener({
    subscriber: fake.subscriber as unknown as Redis,
    keyPrefix: 'p:',
    newId: () => {
      id += 1;
      return String(id);
    },
    maxWaits,
  });
  return { ...fake, listener };
}

describe('createReplyListener', () => {
  it('gives the reply that came before it was asked for, and unsubscribes', async () => {
    const { listener, reply, channels } = createListener();
    const waiter = await listener.expect(session);
    expect(waiter?.channel).toBe('p:reply:1');
    reply('p:reply:1', {
      ...session,
      outcome: 'processed',
      state: { runs: [{ first: 3, length: 2 }], timezone: 'UTC', version: 1 },
    });
    expect(await waiter?.outcome(1_000)).toMatchObject({ outcome: 'processed', state: { version: 1 } });
    expect(channels.size).toBe(0);
  });

  it('takes no notice of a reply to another session or of one that cannot be read', async () => {
    const { listener, reply } = createListener();
    const waiter = await listener.expect(session);
    reply('p:reply:1', 'no json');
    reply('p:reply:1', { ...session, outcome: 'exploded' });
    reply('p:reply:1', { ...session, sessionId: 'other', outcome: 'processed' });
    expect(await waiter?.outcome(10)).toBeUndefined();
  });

  it('does not wait where it cannot: Redis away, too many waits, stopping', async () => {
    const { listener, subscriber, channels } = createListener(1);
    subscriber.isAway = true;
    expect(await listener.expect(session)).toBeUndefined();
    subscriber.isAway = false;
    const first = await listener.expect(session);
    expect(await listener.expect(session)).toBeUndefined();
    first?.cancel();
    expect(channels.size).toBe(0);
    expect(await listener.expect(session)).toBeDefined();
    listener.stop();
    expect(await listener.expect(session)).toBeUndefined();
  });

  it('ends every wait when it is stopped', async () => {
    const { listener } = createListener();
    const waiter = await listener.expect(session);
    const outcome = waiter?.outcome(60_000);
    listener.stop();
    expect(await outcome).toBeUndefined();
  });
});
