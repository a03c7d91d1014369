import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../../engines/decode-records';
import type { SpecialUser, SpecialUsers } from '../specials/special-user';
import { readUserRules, type UserRules } from '../specials/user-rules';
import { eraseUsers } from './erase-users';
import { type CorrectionRecord, type CorrectionVerdict, planCorrections, type UserPlan } from './plan-corrections';
import { recomputeDaysOf, recomputeUsers } from './recompute-totals';
import { type RecountCause, type Recounted, recountEach } from './recount-users';
import { type RetractedSessions, retractSessions } from './retract-sessions';
import { saveSpecials } from './save-specials';

export interface ApplyCorrectionsOptions {
  readonly targets: DefaultTargets;
  /** All users at hand for whom more counts than sessions and check-ins. */
  readonly specials: SpecialUsers;
  /** Buckets that have such users. */
  readonly markedBuckets: ReadonlySet<number>;
  /** The tables are those of a rebuild: history and dead letters stay, whoever is erased. */
  readonly isShadow: boolean;
}

export interface AppliedCorrections extends Recounted {
  /** By the place of the record. */
  readonly verdicts: readonly CorrectionVerdict[];
  /** The users at hand as the corrections leave them, and by what they are judged. */
  readonly specials: SpecialUsers;
  readonly rules: UserRules;
}

/**
 * Applies a batch's corrections before its sessions and check-ins: erasures, retractions, settings, and then a recount of
 * their users. Their buckets are held exclusively, so that nobody else reads or writes a row of theirs; they are taken
 * by the bytes of their ids all the same.
 */
export async function applyCorrections(
  client: ClientBase,
  records: readonly CorrectionRecord[],
  options: ApplyCorrectionsOptions,
): Promise<AppliedCorrections> {
  const { targets, isShadow, markedBuckets } = options;
  const { users, verdicts } = planCorrections(records, options.specials);
  if (users.length === 0) {
    const rules = await readUserRules(client, options.specials, targets);
    const rows = { focus: new Map(), activity: new Map() };
    return { verdicts, specials: options.specials, rules, changes: [], rows };
  }
  await saveSpecials(client, users, markedBuckets);
  const erased = users.filter(({ erasure }) => erasure !== undefined);
  if (erased.length > 0) {
    const erasures = erased.map(({ userId, after }) => ({ userId, erasedAtMs: after.erasedAtMs }));
    await eraseUsers(client, erasures, { isShadow });
  }
  const retracted = await retract(client, users);
  // After the retractions: what they have deleted does not count.
  if (erased.length > 0) {
    await recomputeUsers(
      client,
      erased.map(({ userId }) => userId),
    );
  }
  const changed = new Set(erased.map(({ userId }) => userId));
  const deleted = retracted.deleted.filter(({ userId }) => !changed.has(userId));
  if (deleted.length > 0) await recomputeDaysOf(client, deleted);
  for (const { userId } of deleted) changed.add(userId);
  for (const { userId, before, after } of users) if (before.settings !== after.settings) changed.add(userId);

  const specials = new Map<string, SpecialUser>(options.specials);
  for (const { userId, after } of users) specials.set(userId, after);
  const rules = await readUserRules(client, specials, targets);
  const recounts = users.flatMap(({ userId, last, erasure }) =>
    changed.has(userId)
      ? [
          {
            userId,
            cause: causeOf(records, last),
            erasure: erasure === undefined ? undefined : causeOf(records, erasure),
          },
        ]
      : [],
  );
  return {
    ...(await recountEach(client, recounts, rules, targets)),
    verdicts: judgeRetractions(records, verdicts, retracted),
    specials,
    rules,
  };
}

async function retract(client: ClientBase, users: readonly UserPlan[]): Promise<RetractedSessions> {
  const retractions = users.flatMap(({ userId, retractions: ofUser }) =>
    ofUser.map((retraction) => ({ userId, ...retraction })),
  );
  return retractions.length === 0 ? { deleted: [], fresh: new Set() } : retractSessions(client, retractions);
}

/** A retraction of what was retracted before is a duplicate, which only the store knows. */
function judgeRetractions(
  records: readonly CorrectionRecord[],
  verdicts: readonly CorrectionVerdict[],
  { fresh }: RetractedSessions,
): readonly CorrectionVerdict[] {
  return verdicts.map((verdict, place) => {
    const { event } = records[place] as CorrectionRecord;
    const isRepeat =
      verdict === 'processed' && event.kind === 'retraction' && !fresh.has(`${event.userId} ${event.sessionId}`);
    return isRepeat ? 'duplicate' : verdict;
  });
}

function causeOf(records: readonly CorrectionRecord[], place: number): RecountCause {
  const { source } = records[place] as CorrectionRecord;
  return {
    topicId: source.topicId,
    partition: source.partition,
    offset: source.offset,
    recordTimeMs: recordTimeOf(source),
    requestId: headerText(source.headers, kafkaHeaders.requestId) ?? null,
  };
}
