import { replyChannel } from '@streaks/shared/redis/streak-keys';
import type { StreakStore, StreakWrite } from '@streaks/shared/redis/streak-store';
import type { Redis } from 'ioredis';
import { FOCUS_RULE, type SessionReply } from '../projections/streaks/streak-change';

export interface SendRepliesOptions {
  readonly redis: Redis;
  readonly store: StreakStore;
  readonly keyPrefix: string;
  readonly generation: () => bigint;
  readonly onSent: (result: 'sent' | 'failed' | 'refused', count: number) => void;
}

/**
 * Tells waiting callers what became of their session, after the state they will then read is in Redis. The relay of the
 * user's shard may be another process, so the state is written here too; compare-and-set makes that harmless.
 * Never rejects: a caller who is not told gets 202 when its wait runs out.
 */
export function createReplySender(options: SendRepliesOptions): (replies: readonly SessionReply[]) => Promise<void> {
  const { redis, store, keyPrefix, generation, onSent } = options;
  // The header comes from whoever wrote the record: only channels that are ours to write may be named in it.
  const ownChannels = replyChannel(keyPrefix, '');

  return async (replies) => {
    const sendable = replies.filter(({ channel }) => channel.startsWith(ownChannels));
    if (sendable.length < replies.length) onSent('refused', replies.length - sendable.length);
    if (sendable.length === 0) return;
    try {
      const states = sendable.flatMap(({ userId, state }): StreakWrite[] =>
        userId !== undefined && state !== undefined && state.version > 0
          ? [{ userId, ruleId: FOCUS_RULE, generation: generation(), state }]
          : [],
      );
      await store.writeAll(states);
      await Promise.all(sendable.map(({ channel, ...reply }) => redis.publish(channel, JSON.stringify(reply))));
      onSent('sent', sendable.length);
    } catch {
      onSent('failed', sendable.length);
    }
  };
}
