import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { Session } from '@streaks/shared/domain/session';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streak-state';
import type { ClientBase } from 'pg';
import { foldStreak, type StreakNews, type StreakStep } from './batch/fold-streaks';
import { insertStreaks, type LockedStreak, lockStreaks, StreakRowsChangedError, writeStreaks } from './sql/streak-rows';
import { FOCUS_RULE, type StreakChange } from './streak-change';

type SessionRecord = DecodedRecord<Session>;

export interface ChangedStreaks {
  /** In record order; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** The states of the users that had news, as the transaction leaves them. */
  readonly states: ReadonlyMap<string, StreakState>;
}

/** A user's news folded from the state that is in the locked row, or from nothing where there is no row. */
interface Folded {
  readonly news: StreakNews;
  readonly row: LockedStreak | undefined;
  readonly steps: readonly StreakStep[];
}

/**
 * Folds the news, sorted by the bytes of the user id, into the streak rows.
 *
 * Rows that exist are locked first, in that order. A user without a row gets one with the state folded from nothing;
 * where another owner was faster the insert does nothing, and only then, by a *separate* statement, its row is locked and
 * the news are folded again. Two owners that find the same row missing at once must not both start from nothing, and a
 * statement that waited for the other owner still looks at the data from before.
 */
export async function changeStreaks(
  client: ClientBase,
  records: readonly SessionRecord[],
  news: readonly StreakNews[],
): Promise<ChangedStreaks> {
  if (news.length === 0) return { changes: [], states: new Map() };
  const found = fold(news, await lockStreaks(client, idsOf(news)));
  const folded = await settleNewStreaks(client, found);
  const writes = folded.flatMap(({ row, steps }) => {
    const last = steps.at(-1);
    return row === undefined || last === undefined ? [] : [{ locked: row, state: last.after }];
  });
  if (writes.length > 0) await writeStreaks(client, writes);

  const states = new Map<string, StreakState>();
  const steps: { readonly userId: string; readonly step: StreakStep }[] = [];
  for (const {
    news: { userId },
    row,
    steps: ofUser,
  } of folded) {
    states.set(userId, ofUser.at(-1)?.after ?? row?.state ?? emptyStreakState);
    for (const step of ofUser) steps.push({ userId, step });
  }
  // Stable, and ascending within a user, so versions stay in order.
  steps.sort((one, other) => one.step.index - other.step.index);
  return {
    changes: steps.map(({ userId, step }) => toChange(userId, step, records[step.index] as SessionRecord)),
    states,
  };
}

/** Inserts the rows that were missing; those that another owner inserted meanwhile come back locked and folded again. */
async function settleNewStreaks(client: ClientBase, folded: readonly Folded[]): Promise<readonly Folded[]> {
  const inserts = folded.flatMap(({ news: { userId }, row, steps }) => {
    const last = steps.at(-1);
    return row !== undefined || last === undefined ? [] : [{ userId, state: last.after }];
  });
  if (inserts.length === 0) return folded;
  const lost = await insertStreaks(client, inserts);
  if (lost.size === 0) return folded;
  const lostNews = folded.map(({ news }) => news).filter(({ userId }) => lost.has(userId));
  const rows = await lockStreaks(client, idsOf(lostNews));
  const missing = rows.filter((row) => row === undefined).length;
  if (missing > 0) throw new StreakRowsChangedError(rows.length, rows.length - missing);
  return [...folded.filter(({ news }) => !lost.has(news.userId)), ...fold(lostNews, rows)];
}

function fold(news: readonly StreakNews[], rows: readonly (LockedStreak | undefined)[]): readonly Folded[] {
  return news.map((ofUser, place) => {
    const row = rows[place];
    return { news: ofUser, row, steps: foldStreak(row?.state ?? emptyStreakState, ofUser) };
  });
}

const idsOf = (news: readonly StreakNews[]): readonly string[] => news.map(({ userId }) => userId);

function toChange(userId: string, step: StreakStep, { source }: SessionRecord): StreakChange {
  const { changeType, qualifiedDate, before, after } = step;
  return {
    shardKey: userId,
    userId,
    ruleId: FOCUS_RULE,
    version: after.version,
    changeType,
    qualifiedDate,
    before,
    after,
    source: { topicId: source.topicId, partition: source.partition, offset: source.offset },
    requestId: headerText(source.headers, kafkaHeaders.requestId) ?? null,
  };
}
