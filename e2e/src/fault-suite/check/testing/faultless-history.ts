import { createHash } from 'node:crypto';
import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';
import type { ReferenceAccount } from '@streaks/testing/reference/reference-user';
import { dayNumber, isoDate } from '@streaks/testing/reference-fold';
import type { ChangeFigures, StoredChange } from '../collected-run';
import type { SentPlace } from '../read-sent-log';
import { storedFiguresOf } from '../stored/streak-faults';
import type { FakeLog } from './fake-log';

export interface HistoryWriter {
  /** Writes the chain of a state; undefined where there is none. */
  write(
    userId: string,
    rule: ReferenceRule,
    account: ReferenceAccount,
  ): { readonly version: number; readonly causedAtMs: number } | undefined;
  stored(): readonly StoredChange[];
  /** With some of those that an erasure took. */
  published(): readonly StoredChange[];
  nextNumber(shard: number): number;
  lastNumber(shard: number): number;
}

/** Where all users are. */
const USERS_SHARD = 0;

const NOTHING: ChangeFigures = {
  changeType: 'STREAK_REVISED',
  qualifiedDate: null,
  currentBefore: 0,
  currentAfter: 0,
  longestBefore: 0,
  longestAfter: 0,
  qualifiedDaysBefore: 0,
  qualifiedDaysAfter: 0,
  lastQualifiedBefore: null,
  lastQualifiedAfter: null,
};

/** What comes after another change, with the figures that it leads to. */
const after = (before: ChangeFigures | undefined, figures: Partial<ChangeFigures>): ChangeFigures => ({
  ...NOTHING,
  currentBefore: before?.currentAfter ?? 0,
  longestBefore: before?.longestAfter ?? 0,
  qualifiedDaysBefore: before?.qualifiedDaysAfter ?? 0,
  lastQualifiedBefore: before?.lastQualifiedAfter ?? null,
  ...figures,
});

export function createHistoryWriter(log: FakeLog): HistoryWriter {
  const stored: StoredChange[] = [];
  const published: StoredChange[] = [];
  const numbers = new Map<number, number>();
  const lastNumber = (shard: number): number => numbers.get(shard) ?? 0;
  const nextNumber = (shard: number): number => {
    numbers.set(shard, lastNumber(shard) + 1);
    return lastNumber(shard);
  };
  const add = (
    userId: string,
    rule: ReferenceRule,
    version: number,
    figures: ChangeFigures,
    source: SentPlace,
  ): StoredChange => {
    const outSeq = nextNumber(USERS_SHARD);
    const hex = createHash('md5').update(`1:${rule}:${userId}:${version}`).digest('hex');
    const eventId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return { ...figures, rule, userId, version, eventId, shard: USERS_SHARD, outSeq, source };
  };
  const keep = (...row: Parameters<typeof add>): void => {
    const change = add(...row);
    stored.push(change);
    published.push(change);
  };

  return {
    stored: () => stored,
    published: () => published,
    lastNumber,
    nextNumber,
    write(userId, rule, account) {
      const records = log.recordsOf.get(userId) ?? [];
      const erasure = records.findLast(({ isErasure }) => isErasure)?.place;
      const cause = erasure ?? records[0]?.place;
      if (cause === undefined) return undefined;
      const chain: ChangeFigures[] = [];
      let version = 0;
      if (erasure !== undefined && records[0]?.isErasure === false) {
        // Two versions that the erasure took: the first was published before.
        const first = add(userId, rule, 1, after(undefined, { qualifiedDaysAfter: 1 }), cause);
        published.push(first);
        add(userId, rule, 2, after(first, { qualifiedDaysAfter: 1 }), cause);
        version = 2;
        chain.push({ ...NOTHING, changeType: 'USER_ERASED' });
      }
      chain.push(...changesTo(account, rule, chain.at(-1)));
      for (const figures of chain) {
        version += 1;
        keep(userId, rule, version, figures, cause);
      }
      return chain.length === 0 ? undefined : { version, causedAtMs: cause.recordTimeMs };
    },
  };
}

/** Each day by itself; that of a corrected user at once. */
function changesTo(
  { isCorrected, streaks }: ReferenceAccount,
  rule: ReferenceRule,
  begin: ChangeFigures | undefined,
): ChangeFigures[] {
  const figures = storedFiguresOf(streaks[rule]);
  const isEmpty = figures.runs.length === 0 && figures.timezone === null && !figures.isUnlisted;
  if (isCorrected) {
    if (isEmpty && figures.bridging === 'unbridged') return [];
    return [
      after(begin, {
        currentAfter: figures.currentRunLength,
        longestAfter: figures.longestRunLength,
        qualifiedDaysAfter: figures.qualifiedDaysCount,
        lastQualifiedAfter: figures.lastQualifiedDate,
      }),
    ];
  }
  const changes: ChangeFigures[] = [];
  for (const date of streaks[rule].qualifiedDates) {
    const before = changes.at(-1);
    const isNext = before?.lastQualifiedAfter === isoDate(dayNumber(date) - 1);
    const currentAfter = isNext ? (before?.currentAfter ?? 0) + 1 : 1;
    changes.push(
      after(before, {
        changeType: 'STREAK_INCREMENT',
        qualifiedDate: date,
        currentAfter,
        longestAfter: Math.max(before?.longestAfter ?? 0, currentAfter),
        qualifiedDaysAfter: (before?.qualifiedDaysAfter ?? 0) + 1,
        lastQualifiedAfter: date,
      }),
    );
  }
  return changes;
}
