import type { Rejected } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { ClientBase } from 'pg';
import { activitySource } from '../additive/activity-source';
import type { AddedEvents } from '../additive/add-events';
import { focusSource } from '../additive/focus-source';
import type { GroupedEvents } from '../batch/group-events';
import type { AppliedCorrections } from '../corrections/apply-corrections';
import { readStreaks } from '../sql/streak-rows';
import type { EventReply } from '../streak-change';
import { type OwedReply, oweAdditive, oweCorrections } from './owed-replies';

/** What a transaction did, part by part. */
export interface AppliedParts {
  readonly corrected: AppliedCorrections;
  readonly focus: AddedEvents;
  readonly activity: AddedEvents;
}

/**
 * Replies owed to the callers who wait for a record that was applied or was a repeat, with the user's state at the end of the
 * transaction. Conflicts are told with the other rejections.
 */
export async function collectReplies(
  client: ClientBase,
  { sessions, checkIns, corrections }: GroupedEvents,
  { corrected, focus, activity }: AppliedParts,
): Promise<readonly EventReply[]> {
  const owed = [
    ...oweCorrections(corrections, corrected),
    ...oweAdditive(focusSource, sessions, focus),
    ...oweAdditive(activitySource, checkIns, activity),
  ];
  if (owed.length === 0) return [];
  const states = {
    focus: await readStates(client, FOCUS_RULE, owed, corrected, focus),
    activity: await readStates(client, activitySource.ruleId, owed, corrected, activity),
  };
  return owed.map(({ changeTypeIn, ...reply }) => {
    const state = states[reply.ruleId].get(reply.userId);
    const changeType = state && changeTypeIn(state);
    return { ...reply, ...(changeType === undefined ? {} : { changeType }), ...(state === undefined ? {} : { state }) };
  });
}

/** Replies owed for rejected records, those of the decoder included. */
export function repliesToRejected(rejected: readonly Rejected[]): readonly EventReply[] {
  const replies: EventReply[] = [];
  for (const { source, rejection } of rejected) {
    const replyTo = headerText(source.headers, kafkaHeaders.replyTo);
    if (replyTo === undefined) continue;
    const { userId, eventId, reason, detail } = rejection;
    replies.push({
      replyTo,
      ...(userId === undefined ? {} : { userId }),
      ...(eventId === undefined ? {} : { eventId }),
      outcome: 'rejected',
      reason,
      detail,
    });
  }
  return replies;
}

/** The states of a rule that are owed: of users whose streak was looked at as it was left, of the others as it is read. */
async function readStates(
  client: ClientBase,
  ruleId: RuleId,
  owed: readonly OwedReply[],
  { rows }: AppliedCorrections,
  { statesOf }: AddedEvents,
): Promise<ReadonlyMap<string, StreakState>> {
  const states = new Map<string, StreakState>();
  const wanted = new Set(owed.filter((reply) => reply.ruleId === ruleId).map(({ userId }) => userId));
  if (wanted.size === 0) return states;
  const added = statesOf();
  const unread: string[] = [];
  for (const userId of wanted) {
    const state = added.get(userId) ?? rows[ruleId].get(userId)?.state;
    if (state === undefined) unread.push(userId);
    else states.set(userId, state);
  }
  if (unread.length > 0) {
    for (const [userId, state] of await readStreaks(client, ruleId, unread)) states.set(userId, state);
  }
  return states;
}
