import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import { FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import { hasDay } from '@streaks/shared/domain/streaks/runs';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { AddedEvents } from '../additive/add-events';
import type { AdditiveEvent, RuleSource } from '../additive/rule-source';
import type { Verdict } from '../additive/store-events';
import type { AppliedCorrections } from '../corrections/apply-corrections';
import type { Correction, CorrectionVerdict } from '../corrections/plan-corrections';
import type { EventOutcome, EventReply } from '../streak-change';

/** A reply whose state is still to be found. */
export interface OwedReply extends EventReply {
  readonly userId: string;
  readonly ruleId: RuleId;
  /** Works the change type out, once the state is there. */
  readonly changeTypeIn: (state: StreakState) => ChangeType | undefined;
}

const OUTCOMES: Readonly<Record<Exclude<Verdict, 'conflict'>, EventOutcome>> = {
  stored: 'processed',
  duplicate: 'duplicate',
  erased: 'erased',
  retracted: 'retracted',
};

/** Of the records of a rule; conflicts are told with the other rejections. */
export function oweAdditive<Event extends AdditiveEvent>(
  source: RuleSource<Event>,
  records: readonly DecodedRecord<Event>[],
  { verdicts, changes, causes }: AddedEvents,
): readonly OwedReply[] {
  const owed: OwedReply[] = [];
  let index: ChangeIndex | undefined;
  for (const [place, { source: record, event }] of records.entries()) {
    const replyTo = headerText(record.headers, kafkaHeaders.replyTo);
    const verdict = verdicts[place] as Verdict;
    if (replyTo === undefined || verdict === 'conflict') continue;
    index ??= indexChanges(changes, causes);
    const counts = verdict === 'stored' || verdict === 'duplicate';
    const changesOf = index;
    owed.push({
      replyTo,
      userId: event.userId,
      eventId: source.idOf(event),
      ruleId: source.ruleId,
      outcome: OUTCOMES[verdict],
      changeTypeIn: (state) => (counts ? changeTypeOf(source, event, place, state, changesOf) : undefined),
    });
  }
  return owed;
}

/** The changes of a rule, by what a reply asks for. */
interface ChangeIndex {
  /** The type of the last change that a record made, by its place. */
  readonly typeAt: ReadonlyMap<number, ChangeType>;
  /** The place of the record with which a day qualified in this transaction, by `userId day`. */
  readonly qualifiedAt: ReadonlyMap<string, number>;
}

function indexChanges(changes: AddedEvents['changes'], causes: readonly number[]): ChangeIndex {
  const typeAt = new Map<number, ChangeType>();
  const qualifiedAt = new Map<string, number>();
  for (const [index, { userId, changeType, qualifiedDate }] of changes.entries()) {
    const place = causes[index] as number;
    typeAt.set(place, changeType);
    if (qualifiedDate !== null) qualifiedAt.set(`${userId} ${qualifiedDate}`, place); // no id holds a space
  }
  return { typeAt, qualifiedAt };
}

/** Of the event's own change, the last one where it made several; STREAK_MAINTAINED where a day of its was qualified before it came. */
function changeTypeOf<Event extends AdditiveEvent>(
  source: RuleSource<Event>,
  event: Event,
  place: number,
  { runs }: StreakState,
  { typeAt, qualifiedAt }: ChangeIndex,
): ChangeType | undefined {
  const own = typeAt.get(place);
  if (own !== undefined) return own;
  let wasQualified = false;
  source.addToDays(event, (day) => {
    if (hasDay(runs, day) && (qualifiedAt.get(`${event.userId} ${day}`) ?? -1) < place) wasQualified = true;
  });
  return wasQualified ? 'STREAK_MAINTAINED' : undefined;
}

export function oweCorrections(
  records: readonly DecodedRecord<Correction>[],
  { verdicts, changes }: AppliedCorrections,
): readonly OwedReply[] {
  return records.flatMap(({ source, event }, place): OwedReply[] => {
    const replyTo = headerText(source.headers, kafkaHeaders.replyTo);
    if (replyTo === undefined) return [];
    const own = changes.findLast(
      ({ userId, ruleId, source: { partition, offset } }) =>
        userId === event.userId && ruleId === FOCUS_RULE && partition === source.partition && offset === source.offset,
    );
    const eventId = eventIdOf(event);
    return [
      {
        replyTo,
        userId: event.userId,
        ...(eventId === undefined ? {} : { eventId }),
        ruleId: FOCUS_RULE,
        outcome: verdicts[place] as CorrectionVerdict,
        changeTypeIn: () => own?.changeType,
      },
    ];
  });
}

function eventIdOf(event: Correction): string | undefined {
  if (event.kind === 'erasure') return undefined;
  return event.kind === 'settings' ? event.change.changeId : event.sessionId;
}
