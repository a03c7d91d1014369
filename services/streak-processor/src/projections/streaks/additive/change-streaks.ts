import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { headerText, kafkaHeaders } from '@streaks/shared/contracts/headers';
import type { RuleId } from '@streaks/shared/domain/rules';
import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { ClientBase } from 'pg';
import { recordTimeOf } from '../../../engines/decode-records';
import { type FoldContext, foldStreak, type StreakNews, type StreakStep } from '../batch/fold-streaks';
import type { StreakMemory } from '../memory/streak-memory';
import type { LockedStreak } from '../sql/streak-row-text';
import { insertStreaks, lockStreaks, StreakRowsChangedError, writeStreaks } from '../sql/streak-rows';
import type { StreakChange } from '../streak-change';

/** A row as this transaction leaves it. */
export interface WrittenStreak {
  readonly userId: string;
  readonly streak: LockedStreak;
}

export interface ChangedStreaks {
  readonly written: readonly WrittenStreak[];
  /** By user; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** Of each change the place of its record among the records. */
  readonly causes: readonly number[];
  /** The states of the users that had news, as the transaction leaves them. */
  readonly statesOf: () => ReadonlyMap<string, StreakState>;
}

export interface ChangeStreaksOptions extends FoldContext {
  readonly ruleId: RuleId;
  readonly memory: StreakMemory;
  /** Rows that this transaction wrote before: they are as it left them. */
  readonly ownRows: ReadonlyMap<string, LockedStreak>;
  readonly attempt: number;
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
 * repeated, and these users' rows are locked before they are folded from then on.
 */
export async function changeStreaks(
  client: ClientBase,
  records: readonly DecodedRecord<unknown>[],
  news: readonly StreakNews[],
  options: ChangeStreaksOptions,
): Promise<ChangedStreaks> {
  if (news.length === 0) return { changes: [], causes: [], statesOf: () => new Map(), written: [] };
  options.memory.beginBatch();
  const found = await foldStreaks(client, news, options);
  const { folded, inserted } = await settleNewStreaks(client, found, options);
  const written = [...inserted, ...(await writeFolded(client, folded, options))];

  const changes: StreakChange[] = [];
  const causes: number[] = [];
  for (const { news: ofUser, steps } of folded) {
    const last = steps.at(-1);
    for (const step of steps) {
      const { source } = records[step.index] as DecodedRecord<unknown>;
      changes.push(toChange(ofUser.userId, options.ruleId, step, step === last, source));
      causes.push(step.index);
    }
  }
  return {
    changes,
    causes,
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

/**
 * Where a remembered row would not be written, since nothing in it changes, nothing would find out that another owner changed it
 * meanwhile: it is locked and folded again.
 */
async function foldStreaks(
  client: ClientBase,
  news: readonly StreakNews[],
  options: ChangeStreaksOptions,
): Promise<readonly Folded[]> {
  const { ruleId, memory, ownRows, attempt } = options;
  const folded = fold(news, await findStreaks(client, news, options), options);
  if (attempt > 0) return folded;
  const unproven = folded.filter(
    ({ news: { userId }, steps }) => steps.length === 0 && !ownRows.has(userId) && memory.recall(userId) !== undefined,
  );
  if (unproven.length === 0) return folded;
  const again = unproven.map(({ news: ofUser }) => ofUser);
  const proven = fold(again, await lockStreaks(client, ruleId, idsOf(again)), options);
  const byNews = new Map(proven.map((one) => [one.news, one]));
  return folded.map((one) => byNews.get(one.news) ?? one);
}

/** The rows of the news' users in their order: known, or else locked; undefined where there is none. */
async function findStreaks(
  client: ClientBase,
  news: readonly StreakNews[],
  { ruleId, memory, ownRows, attempt }: ChangeStreaksOptions,
): Promise<readonly (LockedStreak | undefined)[]> {
  // Some of these users have another owner too: only locks taken in one order keep the two from waiting for each other.
  const mayRecall = attempt === 0 && !news.some(({ userId }) => memory.isContested(userId));
  const known = news.map(({ userId }) => ownRows.get(userId) ?? (mayRecall ? memory.recall(userId) : undefined));
  const unknown = [...news.keys()].filter((place) => known[place] === undefined);
  if (unknown.length === 0) return known;
  const locked = await lockStreaks(client, ruleId, idsOf(unknown.map((place) => news[place] as StreakNews)));
  for (const [index, place] of unknown.entries()) known[place] = locked[index];
  return known;
}

async function writeFolded(
  client: ClientBase,
  folded: readonly Folded[],
  { ruleId, memory }: ChangeStreaksOptions,
): Promise<readonly WrittenStreak[]> {
  const writes = folded.flatMap(({ news: { userId }, row, steps }) => {
    const last = steps.at(-1);
    return row === undefined || last === undefined
      ? []
      : [{ userId, locked: row, state: last.after, summary: last.summaryAfter }];
  });
  if (writes.length === 0) return [];
  try {
    const rows = await writeStreaks(client, ruleId, writes);
    return writes.map(({ userId, state }, place) => ({ userId, streak: { state, row: rows[place] ?? '' } }));
  } catch (error) {
    if (error instanceof StreakRowsChangedError) memory.contest(error.userIds);
    throw error;
  }
}

/** Inserts the rows that were missing; those that another owner inserted meanwhile come back locked and folded again. */
async function settleNewStreaks(
  client: ClientBase,
  folded: readonly Folded[],
  options: ChangeStreaksOptions,
): Promise<{ readonly folded: readonly Folded[]; readonly inserted: readonly WrittenStreak[] }> {
  const inserts = folded.flatMap(({ news: { userId }, row, steps }) => {
    const last = steps.at(-1);
    return row !== undefined || last === undefined ? [] : [{ userId, state: last.after, summary: last.summaryAfter }];
  });
  if (inserts.length === 0) return { folded, inserted: [] };
  const { lost, rows: places } = await insertStreaks(client, options.ruleId, inserts);
  if (lost.size === 0) {
    const inserted = inserts.map(({ userId, state }, place) => ({
      userId,
      streak: { state, row: places[place] ?? '' },
    }));
    return { folded, inserted };
  }
  const lostNews = folded.map(({ news }) => news).filter(({ userId }) => lost.has(userId));
  const rows = await lockStreaks(client, options.ruleId, idsOf(lostNews));
  const missing = lostNews.filter((_, place) => rows[place] === undefined);
  if (missing.length > 0) throw new StreakRowsChangedError(idsOf(missing));
  return {
    folded: [...folded.filter(({ news }) => !lost.has(news.userId)), ...fold(lostNews, rows, options)],
    inserted: [],
  };
}

function fold(
  news: readonly StreakNews[],
  rows: readonly (LockedStreak | undefined)[],
  context: FoldContext,
): readonly Folded[] {
  return news.map((ofUser, place) => {
    const row = rows[place];
    return { news: ofUser, row, steps: foldStreak(row?.state ?? emptyStreakState, ofUser, context) };
  });
}

const idsOf = (news: readonly StreakNews[]): readonly string[] => news.map(({ userId }) => userId);

function toChange(
  userId: string,
  ruleId: RuleId,
  step: StreakStep,
  isLast: boolean,
  source: DecodedRecord<unknown>['source'],
): StreakChange {
  const { changeType, qualifiedDate, before, after, summaryBefore, summaryAfter } = step;
  return {
    shardKey: userId,
    userId,
    ruleId,
    version: after.version,
    changeType,
    qualifiedDate,
    before,
    after,
    summaryBefore,
    summaryAfter,
    isLast,
    source: { topicId: source.topicId, partition: source.partition, offset: source.offset },
    recordTimeMs: recordTimeOf(source),
    requestId: headerText(source.headers, kafkaHeaders.requestId) ?? null,
  };
}
