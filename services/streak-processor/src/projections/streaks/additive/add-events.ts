import type { DecodedRecord, Rejected } from '@streaks/exactly-once/projection';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../../engines/decode-records';
import { collectDayDeltas } from '../batch/day-deltas';
import { findStreakNews } from '../batch/fold-streaks';
import type { BatchMemory } from '../memory/batch-memory';
import type { UserRules } from '../specials/user-rules';
import type { WithheldEvents } from '../specials/withhold-events';
import { addDayTotals } from '../sql/add-day-totals';
import type { LockedStreak } from '../sql/streak-row-text';
import type { StreakChange } from '../streak-change';
import { changeStreaks } from './change-streaks';
import type { AdditiveEvent, RuleSource } from './rule-source';
import { storeEvents, type Verdict } from './store-events';

export interface AddEventsOptions {
  readonly targets: DefaultTargets;
  readonly rules: UserRules;
  readonly withheld: WithheldEvents;
  /** Streak rows of the rule that this transaction wrote before. */
  readonly ownRows: ReadonlyMap<string, LockedStreak>;
  readonly memory: BatchMemory;
  readonly attempt: number;
}

export interface AddedEvents {
  readonly verdicts: readonly Verdict[];
  /** By user; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** Of each change the place of its record among the records. */
  readonly causes: readonly number[];
  /** The conflicts. */
  readonly rejected: readonly Rejected[];
  /** The states of users whose streak was looked at, as the transaction leaves them. */
  readonly statesOf: () => ReadonlyMap<string, StreakState>;
  /** To be called once the transaction has committed: what this connection may recall from then on. */
  readonly remember: () => void;
}

const NOTHING: AddedEvents = {
  verdicts: [],
  changes: [],
  causes: [],
  rejected: [],
  statesOf: () => new Map(),
  remember: () => undefined,
};

/**
 * Folds events of a rule into its table, daily totals and streaks, in that order of locks and each sorted by the bytes of its
 * key. An event costs one insert and one upsert; only days that cross their target touch streak rows.
 */
export async function addEvents<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  records: readonly DecodedRecord<Event>[],
  options: AddEventsOptions,
): Promise<AddedEvents> {
  if (records.length === 0) return NOTHING;
  const { ruleId } = source;
  const { rules, withheld, ownRows, attempt } = options;
  const memory = options.memory[ruleId];
  const events = records.map(({ event }) => event);
  const recordTimeMs = (place: number): number => recordTimeOf((records[place] as DecodedRecord<Event>).source);
  const { verdicts, stored } = await storeEvents(client, source, {
    events,
    recordTimeMs,
    withheld,
    attempt,
    known: memory.events,
  });
  const deltas = collectDayDeltas(source, events, stored);
  const totals = await addDayTotals(client, ruleId, deltas, attempt, memory.days);
  const news = findStreakNews(deltas, totals, {
    usual: options.targets[ruleId],
    ofUser: (userId) => rules.targetsOf(ruleId, userId),
  });
  const streaks = memory.streaksOf(client);
  const { changes, causes, statesOf, written } = await changeStreaks(client, records, news, {
    ruleId,
    memory: streaks,
    ownRows,
    attempt,
    recordTimeMs,
    hasOwnZone: (userId) => (rules.settingsOf(userId)?.timezone ?? null) !== null,
  });
  return {
    verdicts,
    changes,
    causes,
    rejected: rejectConflicts(source, records, verdicts),
    statesOf,
    remember: () => {
      for (const { userId, streak } of written) streaks.remember(userId, streak);
    },
  };
}

function rejectConflicts<Event extends AdditiveEvent>(
  { conflict, idOf }: RuleSource<Event>,
  records: readonly DecodedRecord<Event>[],
  verdicts: readonly Verdict[],
): readonly Rejected[] {
  const rejected: Rejected[] = [];
  for (let place = 0; place < verdicts.length; place += 1) {
    if (verdicts[place] !== 'conflict') continue;
    const { source, event } = records[place] as DecodedRecord<Event>;
    rejected.push({ source, rejection: { ...conflict, userId: event.userId, eventId: idOf(event) } });
  }
  return rejected;
}
