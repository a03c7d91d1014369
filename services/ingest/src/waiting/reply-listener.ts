import { replyChannel } from '@streaks/shared/redis/streaks/streak-keys';
import type { Redis } from 'ioredis';
import { type EventOutcome, parseReply, type Reply } from './event-outcome';

/** What tells an event apart among those of its user; an erasure has no id. */
export type AwaitedEvent = { readonly userId: string; readonly eventId?: string };

/** One wait for the outcome of one event. End it with `outcome` or `cancel`. */
export type ReplyWaiter = {
  /** For the record's `x-reply-to` header. */
  readonly replyTo: string;
  /** The outcome, or undefined when it did not come within the time or the service is stopping. */
  outcome(timeoutMs: number): Promise<EventOutcome | undefined>;
  cancel(): void;
};

export type ReplyListener = {
  /** Undefined when nobody can be waited for: Redis away, too many waits, stopping. */
  expect(event: AwaitedEvent): ReplyWaiter | undefined;
  /** Ends every wait at once, so that a shutdown does not sit them out. */
  stop(): void;
};

export type ReplyListenerOptions = {
  /** A connection of its own, without `autoResubscribe`: once it subscribes it can do nothing else. */
  readonly subscriber: Redis;
  readonly keyPrefix: string;
  /** Of this process alone, and of this life of it: a reply to an earlier one must not reach it. */
  readonly processId: string;
  readonly maxWaits: number;
  /** How often the subscription is confirmed: a connection that died silently would else be found out by nobody. */
  readonly confirmEveryMs: number;
};

type Wait = {
  readonly settle: (outcome: EventOutcome | undefined) => void;
  readonly event: AwaitedEvent;
};

/** Confirmations that may fail before the connection is made anew. */
const toleratedFailures = 1;

/** Listens on one channel for the replies to all waits of the process, which are told apart by an id. */
export function createReplyListener(options: ReplyListenerOptions): ReplyListener {
  const { subscriber, maxWaits } = options;
  const channel = replyChannel(options.keyPrefix, options.processId);
  const waits = new Map<string, Wait>();
  let lastId = 0;
  let isSubscribed = false;
  let isStopped = false;
  let failures = 0;

  async function subscribe(): Promise<void> {
    if (isStopped || subscriber.status !== 'ready') return;
    try {
      await subscriber.subscribe(channel);
      isSubscribed = true;
      failures = 0;
    } catch {
      isSubscribed = false;
      failures += 1;
      if (failures > toleratedFailures && subscriber.status === 'ready') {
        failures = 0;
        subscriber.disconnect(true);
      }
    }
  }

  subscriber.on('ready', subscribe);
  // What was told meanwhile is lost: those waits end at their time.
  subscriber.on('close', () => {
    isSubscribed = false;
  });
  subscriber.on('message', (_channel: string, message: string) => {
    const reply = parseReply(message);
    const wait = reply === undefined ? undefined : waits.get(reply.id);
    if (reply !== undefined && wait !== undefined && isFor(reply, wait.event)) wait.settle(reply.outcome);
  });
  const confirming = setInterval(subscribe, options.confirmEveryMs);
  confirming.unref();
  void subscribe();

  return {
    expect(event) {
      if (isStopped || !isSubscribed || waits.size >= maxWaits) return undefined;
      lastId += 1;
      const id = lastId.toString(36);
      const told = new Promise<EventOutcome | undefined>((resolve) => {
        waits.set(id, { settle: resolve, event });
      });
      return {
        replyTo: `${channel}#${id}`,
        async outcome(timeoutMs) {
          const timer = setTimeout(() => waits.get(id)?.settle(undefined), timeoutMs);
          try {
            return await told;
          } finally {
            clearTimeout(timer);
            waits.delete(id);
          }
        },
        cancel: () => void waits.delete(id),
      };
    },
    stop() {
      isStopped = true;
      clearInterval(confirming);
      for (const wait of waits.values()) wait.settle(undefined);
    },
  };
}

/** The header stands in the log for all to copy: a reply to a record that is not ours is no answer. */
function isFor({ userId, eventId }: Reply, event: AwaitedEvent): boolean {
  return (userId === undefined || userId === event.userId) && (eventId === undefined || eventId === event.eventId);
}
