import type { DecodedRecord, Rejected } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { Session } from '@streaks/shared/domain/session';
import type { StreakState } from '@streaks/shared/domain/streak-state';
import type { ClientBase } from 'pg';
import type { Verdict } from './apply-sessions';
import { readStreaks } from './sql/streak-rows';
import type { SessionReply } from './streak-change';

/**
 * Replies owed to the callers who wait for a record that was stored or was a repeat, with the user's state at the end of
 * the transaction. `statesOf` gives the states of the users that had news; the others are read.
 */
export async function collectReplies(
  client: ClientBase,
  records: readonly DecodedRecord<Session>[],
  verdicts: readonly Verdict[],
  statesOf: () => ReadonlyMap<string, StreakState>,
): Promise<readonly SessionReply[]> {
  const owed: { readonly channel: string; readonly event: Session; readonly verdict: Verdict }[] = [];
  for (let index = 0; index < records.length; index += 1) {
    const { source, event } = records[index] as DecodedRecord<Session>;
    const channel = headerText(source.headers, kafkaHeaders.replyTo);
    const verdict = verdicts[index] as Verdict;
    // A conflict is told with the other rejections.
    if (channel !== undefined && verdict !== 'conflict') owed.push({ channel, event, verdict });
  }
  if (owed.length === 0) return [];
  const changed = statesOf();
  const unchanged = new Set(owed.map(({ event }) => event.userId).filter((userId) => !changed.has(userId)));
  const read = unchanged.size === 0 ? changed : await readStreaks(client, [...unchanged]);
  return owed.map(({ channel, event: { userId, sessionId }, verdict }) => {
    const state = changed.get(userId) ?? read.get(userId);
    return {
      channel,
      userId,
      sessionId,
      outcome: verdict === 'stored' ? 'processed' : 'duplicate',
      ...(state === undefined ? {} : { state }),
    };
  });
}

/** Replies owed for rejected records, those of the decoder included. */
export function repliesToRejected(rejected: readonly Rejected[]): readonly SessionReply[] {
  const replies: SessionReply[] = [];
  for (const { source, rejection } of rejected) {
    const channel = headerText(source.headers, kafkaHeaders.replyTo);
    if (channel === undefined) continue;
    const { userId, eventId, reason, detail } = rejection;
    replies.push({ channel, userId, sessionId: eventId, outcome: 'rejected', reason, detail });
  }
  return replies;
}
