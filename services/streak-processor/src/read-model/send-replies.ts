import { replyChannel } from '@streaks/shared/redis/streaks/streak-keys';
import type { StreakStore, StreakWrite } from '@streaks/shared/redis/streaks/streak-store';
import type { Redis } from 'ioredis';
import type { EventReply } from '../projections/streaks/streak-change';

export interface SendRepliesOptions {
  readonly redis: Pick<Redis, 'publish'>;
  readonly store: Pick<StreakStore, 'writeAll'>;
  readonly keyPrefix: string;
  readonly generation: () => bigint;
  readonly onSent: (result: 'sent' | 'failed' | 'refused', count: number) => void;
}

/**
 * Tells waiting callers what became of their event, after the state they will then read is in Redis. The relay of the
 * user's shard may be another process, so the state is written here too; compare-and-set makes that harmless.
 * Never rejects: a caller who is not told gets 202 when its wait runs out.
 */
export function createReplySender(options: SendRepliesOptions): (replies: readonly EventReply[]) => Promise<void> {
  const { redis, store, keyPrefix, generation, onSent } = options;
  // The header comes from whoever wrote the record: only channels that are ours to write may be named in it.
  const ownChannels = replyChannel(keyPrefix, '');

  return async (replies) => {
    const sendable = replies.flatMap((reply) => addressed(reply, ownChannels));
    if (sendable.length < replies.length) onSent('refused', replies.length - sendable.length);
    if (sendable.length === 0) return;
    try {
      const states = newestStates(sendable, generation());
      if (states.length > 0) await store.writeAll(states);
      await Promise.all(sendable.map(({ channel, message }) => redis.publish(channel, JSON.stringify(message))));
      onSent('sent', sendable.length);
    } catch {
      onSent('failed', sendable.length);
    }
  };
}

type Message = Omit<EventReply, 'replyTo'> & { readonly id: string };
type AddressedReply = { readonly channel: string; readonly message: Message };

/** Nothing where the address is not `<channel>#<id>` with a channel of ours. */
function addressed({ replyTo, ...reply }: EventReply, ownChannels: string): readonly AddressedReply[] {
  // The prefix of the channels may have the sign too.
  const end = replyTo.lastIndexOf('#');
  const channel = replyTo.slice(0, Math.max(0, end));
  if (!channel.startsWith(ownChannels)) return [];
  return [{ channel, message: { id: replyTo.slice(end + 1), ...reply } }];
}

/** Of a hundred replies to one user the newest state is written; an erased one is deleted. */
function newestStates(replies: readonly AddressedReply[], generation: bigint): readonly StreakWrite[] {
  const newest = new Map<string, Message & Required<Pick<Message, 'userId' | 'ruleId' | 'state'>>>();
  for (const { message } of replies) {
    const { userId, ruleId, state } = message;
    if (userId === undefined || ruleId === undefined || state === undefined || state.version === 0) continue;
    const key = `${ruleId} ${userId}`; // neither holds a space
    const known = newest.get(key)?.state?.version;
    if (known === undefined || known < state.version) newest.set(key, { ...message, userId, ruleId, state });
  }
  return [...newest.values()].map(({ userId, ruleId, state, changeType }) => {
    const { version } = state;
    return changeType === 'USER_ERASED'
      ? { userId, ruleId, generation, state: null, version }
      : { userId, ruleId, generation, state };
  });
}
