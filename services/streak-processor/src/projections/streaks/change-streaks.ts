import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { Session } from '@streaks/shared/domain/session';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streak-state';
import type { ClientBase } from 'pg';
import { foldStreak, type StreakNews, type StreakStep } from './batch/fold-streaks';
import type { StreakMemory } from './memory/streak-memory';
import { insertStreaks, type LockedStreak, lockStreaks, StreakRowsChangedError, writeStreaks } from './sql/streak-rows';
import { FOCUS_RULE, type StreakChange } from './streak-change';

type SessionRecord = DecodedRecord<Session>;

/** A row as this transaction leaves it. */
export interface WrittenStreak {
  readonly userId: string;
  readonly streak: LockedStreak;
}

export interface ChangedStreaks {
  readonly written: readonly WrittenStreak[];
  /** In record order; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** The states of the users that had news, as the transaction leaves them. */
  readonly statesOf: () => ReadonlyMap<string, StreakState>;
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
 * Rows that this connection wrote last are known; the others that exist are locked first, in that order. A user without a
 * row gets one with the state folded from nothing; where another owner was faster the insert does nothing, and only then,
 * by a *separate* statement, its row is locked and the news are folded again. Two owners that find the same row missing at
 * once must not both start from nothing, and a statement that waited for the other owner still looks at the data from before.
 *
 * A known row that another owner has changed meanwhile is found out by its version when it is written: the transaction is
 * repeated, and these users' rows are locked before they are folded from then on. Where a known row would not be written, since
 * nothing in it changes, nothing would find it out: it is locked and folded again.
 */
export async function changeStreaks(
  client: ClientBase,
  records: readonly SessionRecord[],
  news: readonly StreakNews[],
  memory: StreakMemory,
  attempt: number,
): Promise<ChangedStreaks> {
  if (news.length === 0) return { changes: [], statesOf: () => new Map(), written: [] };
  // Some of these users have another owner too: only locks taken in one order keep the two from waiting for each other.
  const mayRecall = attempt === 0 && !news.some(({ userId }) => memory.isContested(userId));
  const found = await foldStreaks(client, news, mayRecall ? memory : undefined);
  const { folded, inserted } = await settleNewStreaks(client, found);
  const written = [...inserted, ...(await writeFolded(client, folded, memory))];

  const changes: StreakChange[] = [];
  const order: number[] = [];
  for (const { news: ofUser, steps } of folded) {
    const last = steps.at(-1);
    for (const step of steps) {
      changes.push(toChange(ofUser.userId, step, step === last, records[step.index] as SessionRecord));
      order.push(step.index);
    }
  }
  return {
    changes: sortedBy(order, changes),
    statesOf: () =>
      new Map(
        folded.map(({ news: ofUser, row, steps }) => [
          ofUser.userId,
          steps.at(-1)?.after ?? row?.state ?? emptyStreakState,
        ]),
      ),
    written,
  };
}

/** Stable, and ascending within a user, so that versions stay in order. */
function sortedBy<Value>(keys: readonly number[], values: readonly Value[]): readonly Value[] {
  const places = Array.from(keys, (_, place) => place);
  places.sort((one, other) => (keys[one] as number) - (keys[other] as number));
  return places.map((place) => values[place] as Value);
}

async function foldStreaks(
  client: ClientBase,
  news: readonly StreakNews[],
  memory: StreakMemory | undefined,
): Promise<readonly Folded[]> {
  const folded = fold(news, await findStreaks(client, news, memory));
  if (memory === undefined) return folded;
  const unproven = folded.filter(({ news: { userId }, steps }) => steps.length === 0 && memory.recall(userId));
  if (unproven.length === 0) return folded;
  const again = unproven.map(({ news: ofUser }) => ofUser);
  const proven = new Map(fold(again, await lockStreaks(client, idsOf(again))).map((one) => [one.news, one]));
  return folded.map((one) => proven.get(one.news) ?? one);
}

/** The rows of the news' users in their order: recalled, or else locked; undefined where there is none. */
async function findStreaks(
  client: ClientBase,
  news: readonly StreakNews[],
  memory: StreakMemory | undefined,
): Promise<readonly (LockedStreak | undefined)[]> {
  const recalled = news.map(({ userId }) => memory?.recall(userId));
  const unknown = [...news.keys()].filter((place) => recalled[place] === undefined);
  if (unknown.length === 0) return recalled;
  const locked = await lockStreaks(client, idsOf(unknown.map((place) => news[place] as StreakNews)));
  for (const [index, place] of unknown.entries()) recalled[place] = locked[index];
  return recalled;
}

async function writeFolded(
  client: ClientBase,
  folded: readonly Folded[],
  memory: StreakMemory,
): Promise<readonly WrittenStreak[]> {
  const writes = folded.flatMap(({ news: { userId }, row, steps }) => {
    const last = steps.at(-1);
    return row === undefined || last === undefined
      ? []
      : [{ userId, locked: row, state: last.after, summary: last.summaryAfter }];
  });
  if (writes.length === 0) return [];
  try {
    const rows = await writeStreaks(client, writes);
    return writes.map(({ userId, state }, place) => ({ userId, streak: { state, row: rows[place] ?? '' } }));
  } catch (error) {
    if (error instanceof StreakRowsChangedError) memory.contest(writes.map(({ userId }) => userId));
    throw error;
  }
}

/** Inserts the rows that were missing; those that another owner inserted meanwhile come back locked and folded again. */
async function settleNewStreaks(
  client: ClientBase,
  folded: readonly Folded[],
): Promise<{ readonly folded: readonly Folded[]; readonly inserted: readonly WrittenStreak[] }> {
  const inserts = folded.flatMap(({ news: { userId }, row, steps }) => {
    const last = steps.at(-1);
    return row !== undefined || last === undefined ? [] : [{ userId, state: last.after, summary: last.summaryAfter }];
  });
  if (inserts.length === 0) return { folded, inserted: [] };
  const { lost, rows: places } = await insertStreaks(client, inserts);
  if (lost.size === 0) {
    const inserted = inserts.map(({ userId, state }, place) => ({
      userId,
      streak: { state, row: places[place] ?? '' },
    }));
    return { folded, inserted };
  }
  const lostNews = folded.map(({ news }) => news).filter(({ userId }) => lost.has(userId));
  const rows = await lockStreaks(client, idsOf(lostNews));
  const missing = rows.filter((row) => row === undefined).length;
  if (missing > 0) throw new StreakRowsChangedError(rows.length, rows.length - missing);
  return {
    folded: [...folded.filter(({ news }) => !lost.has(news.userId)), ...fold(lostNews, rows)],
    inserted: [],
  };
}

function fold(news: readonly StreakNews[], rows: readonly (LockedStreak | undefined)[]): readonly Folded[] {
  return news.map((ofUser, place) => {
    const row = rows[place];
    return { news: ofUser, row, steps: foldStreak(row?.state ?? emptyStreakState, ofUser) };
  });
}

const idsOf = (news: readonly StreakNews[]): readonly string[] => news.map(({ userId }) => userId);

function toChange(userId: string, step: StreakStep, isLast: boolean, { source }: SessionRecord): StreakChange {
  const { changeType, qualifiedDate, before, after, summaryBefore, summaryAfter } = step;
  return {
    shardKey: userId,
    userId,
    ruleId: FOCUS_RULE,
    version: after.version,
    changeType,
    qualifiedDate,
    before,
    after,
    summaryBefore,
    summaryAfter,
    isLast,
    source: { topicId: source.topicId, partition: source.partition, offset: source.offset },
    requestId: headerText(source.headers, kafkaHeaders.requestId) ?? null,
  };
}
