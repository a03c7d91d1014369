import type { Applied, DecodedRecord, Rejected } from '@streaks/exactly-once/projection';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { activitySource } from './additive/activity-source';
import { type AddedEvents, addEvents } from './additive/add-events';
import { focusSource } from './additive/focus-source';
import { type GroupedEvents, groupEvents } from './batch/group-events';
import { lockBuckets, readMarkedBuckets } from './buckets/lock-buckets';
import { type AppliedCorrections, applyCorrections } from './corrections/apply-corrections';
import type { BatchMemory } from './memory/batch-memory';
import { countCorrections, countVerdicts, type StreaksOutcome } from './outcome';
import { collectReplies } from './replies/collect-replies';
import { readSpecials } from './specials/read-specials';
import { withholdErased, withholdRetracted } from './specials/withhold-events';
import { ownersOf, withholdRejected } from './specials/withhold-rejected';
import type { StreakChange } from './streak-change';

export interface ApplyEventsOptions {
  readonly targets: DefaultTargets;
  readonly memory: BatchMemory;
  /** The tables are those of a rebuild. */
  readonly isShadow: boolean;
  /** What could not be decoded: as much the user's as an event is. */
  readonly rejected: readonly Rejected[];
}

/**
 * One batch. Locks in the order: buckets of users, corrections' rows (which nobody else can hold), sessions, their totals and
 * streaks, check-ins, their totals and streaks; each sorted by the bytes of its key.
 */
export async function applyEvents(
  client: ClientBase,
  records: readonly DecodedRecord<UserEvent>[],
  attempt: number,
  { targets, memory, isShadow, rejected }: ApplyEventsOptions,
): Promise<Applied<StreakChange, StreaksOutcome>> {
  const batch = groupEvents(records);
  const { sessions, checkIns, corrections } = batch;
  const markedBuckets = isShadow
    ? await readMarkedBuckets(client)
    : await lockBuckets(client, { shared: additiveUsers(batch, rejected), exclusive: usersOf(corrections) });
  const known = await readSpecials(client, allUsers(records, rejected), markedBuckets);
  const corrected = await applyCorrections(client, corrections, {
    targets,
    specials: known,
    markedBuckets,
    isShadow,
  });
  const { specials, rules, rows } = corrected;

  const withheldSessions = withholdErased(sessions, specials);
  await withholdRetracted(client, sessions, specials, withheldSessions);
  const withheldCheckIns = withholdErased(checkIns, specials);
  const common = { targets, rules, memory, attempt };
  const focus = await addEvents(client, focusSource, sessions, {
    ...common,
    withheld: withheldSessions,
    ownRows: rows.focus,
  });
  const activity = await addEvents(client, activitySource, checkIns, {
    ...common,
    withheld: withheldCheckIns,
    ownRows: rows.activity,
  });

  const changes = joinChanges(corrected, focus, activity);
  const outcome: StreaksOutcome = {
    sessions: countVerdicts(focus.verdicts),
    checkIns: countVerdicts(activity.verdicts),
    corrections: countCorrections(corrections, corrected.verdicts),
    daysQualified: changes.filter(({ qualifiedDate }) => qualifiedDate !== null).length,
    keyMismatches: records.filter(({ event }) => event.keyMismatch).length,
    replies: await collectReplies(client, batch, { corrected, focus, activity }),
    remember: () => {
      for (const ruleId of ['focus', 'activity'] as const) {
        const streaks = memory[ruleId].streaksOf(client);
        for (const [userId, streak] of rows[ruleId]) streaks.remember(userId, streak);
      }
      focus.remember();
      activity.remember();
    },
  };
  return {
    changes,
    rejected: [...focus.rejected, ...activity.rejected],
    withheld: withholdRejected(rejected, specials),
    outcome,
  };
}

function* usersOf(records: readonly DecodedRecord<UserEvent>[]): Iterable<string> {
  for (const { event } of records) yield event.userId;
}

function* allUsers(records: readonly DecodedRecord<UserEvent>[], rejected: readonly Rejected[]): Iterable<string> {
  yield* usersOf(records);
  yield* ownersOf(rejected);
}

function* additiveUsers({ sessions, checkIns }: GroupedEvents, rejected: readonly Rejected[]): Iterable<string> {
  yield* usersOf(sessions);
  yield* usersOf(checkIns);
  yield* ownersOf(rejected);
}

/**
 * Corrections first, then focus, then activity: those of one state are in version order, and the last of them is marked. In record
 * order a correction could come after a change that was made on top of it.
 */
function joinChanges(
  { changes: corrections }: AppliedCorrections,
  focus: AddedEvents,
  activity: AddedEvents,
): readonly StreakChange[] {
  if (corrections.length === 0) {
    return activity.changes.length === 0 ? focus.changes : [...focus.changes, ...activity.changes];
  }
  const additive = [...focus.changes, ...activity.changes];
  // No id holds a space.
  const changedAgain = new Set(additive.map(({ ruleId, userId }) => `${ruleId} ${userId}`));
  const first = corrections.map((change) =>
    change.isLast && changedAgain.has(`${change.ruleId} ${change.userId}`) ? { ...change, isLast: false } : change,
  );
  return [...first, ...additive];
}
