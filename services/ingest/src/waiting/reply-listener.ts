import type { Session } from '@streaks/shared/domain/session';
import { replyChannel } from '@streaks/shared/redis/streak-keys';
import type { Redis } from 'ioredis';
import { parseSessionOutcome, type SessionOutcome } from './session-outcome';

/** One wait for the outcome of one session. End it with `outcome` or `cancel`. */
export type ReplyWaiter = {
  /** Redis channel for the record's `x-reply-to` header. */
  readonly channel: string;
  /** The outcome, or undefined when it did not come within the time or the service is stopping. */
  outcome(timeoutMs: number): Promise<SessionOutcome | undefined>;
  cancel(): void;
};

export type ReplyListener = {
  /** Subscribes for one session; undefined when it cannot be waited for (Redis away, too many waits, stopping). */
  expect(session: Pick<Session, 'userId' | 'sessionId'>): Promise<ReplyWaiter | undefined>;
  /** Ends every wait at once, so that a shutdown does not sit them out. */
  stop(): void;
};

export type ReplyListenerOptions = {
  /** A connection of its own: once it subscribes it can do nothing else. */
  readonly subscriber: Redis;
  readonly keyPrefix: string;
  /** One for each wait, never the request id: two requests may carry the same one. */
  readonly newId: () => string;
  readonly maxWaits: number;
};

type Wait = {
  readonly settle: (outcome: SessionOutcome | undefined) => void;
  readonly isFor: (outcome: SessionOutcome) => boolean;
};

export function createReplyListener({ subscriber, keyPrefix, newId, maxWaits }: ReplyListenerOptions): ReplyListener {
  const waits = new Map<string, Wait>();
  let isStopped = false;

  subscriber.on('message', (channel: string, message: string) => {
    const wait = waits.get(channel);
    const outcome = wait === undefined ? undefined : parseSessionOutcome(message);
    if (wait !== undefined && outcome !== undefined && wait.isFor(outcome)) wait.settle(outcome);
  });

  function end(channel: string): void {
    if (!waits.delete(channel)) return;
    // Away: a connection that is made anew starts without subscriptions.
    subscriber.unsubscribe(channel).catch(() => undefined);
  }

  return {
    async expect({ userId, sessionId }) {
      if (isStopped || waits.size >= maxWaits || subscriber.status !== 'ready') return undefined;
      const channel = replyChannel(keyPrefix, newId());
      const reply = new Promise<SessionOutcome | undefined>((resolve) => {
        waits.set(channel, {
          settle: resolve,
          isFor: (outcome) => outcome.userId === userId && outcome.sessionId === sessionId,
        });
      });
      try {
        await subscriber.subscribe(channel);
      } catch {
        end(channel);
        return undefined;
      }
      return {
        channel,
        async outcome(timeoutMs) {
          const timer = setTimeout(() => waits.get(channel)?.settle(undefined), timeoutMs);
          try {
            return await reply;
          } finally {
            clearTimeout(timer);
            end(channel);
          }
        },
        cancel: () => end(channel),
      };
    },
    stop() {
      isStopped = true;
      for (const wait of waits.values()) wait.settle(undefined);
    },
  };
}
