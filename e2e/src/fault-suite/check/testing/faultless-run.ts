import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';
import type { ReferenceAccount } from '@streaks/testing/reference/reference-user';
import type { BoardName, CollectedRun, StoredBoard, StoredChange, StoredLetter, StoredStreak } from '../collected-run';
import type { Expectation } from '../expectation';
import { entryOf, rank } from '../stored/board-faults';
import { RULES } from '../stored/event-faults';
import { storedFiguresOf } from '../stored/streak-faults';
import { stateKey, stateText } from '../texts';
import type { FakeLog } from './fake-log';
import { createHistoryWriter } from './faultless-history';

const SHARDS = 12;
const BOARDS: readonly BoardName[] = ['qualified', 'current'];
/** The streaks of the input broke long before, but for those in a long pause. */
const NOW_MS = 1_900_000_000_000;

/** What a product without a fault would leave behind, made from the expectation alone. */
export function faultlessRun(expected: Expectation, log: FakeLog): CollectedRun {
  const { world } = expected;
  const accounts = [...world.users].sort(([one], [other]) => (one < other ? -1 : 1));
  const writer = createHistoryWriter(log);
  const streaks = accounts.flatMap(([userId, account]) =>
    RULES.flatMap((rule) => streakOf(userId, rule, account, writer.write(userId, rule, account))),
  );
  const letters = [...expected.letters].flatMap(([key, { least }]): StoredLetter[] => {
    const [, reason = '', topic = '', partition, offset = ''] = /^(\S+) of (.+)\/(\d+)\/(\d+)$/.exec(key) ?? [];
    if (least === 0) return [];
    const ids = { key: null, userId: null, eventId: null, topicId: 'topic' };
    const shard = Number(partition) % SHARDS;
    return [{ reason, topic, partition: Number(partition), offset, ...ids, shard, outSeq: writer.nextNumber(shard) }];
  });
  const history = writer.stored();
  const lastTypes = new Map(history.map((row) => [stateKey(row), row.changeType]));
  const changes = writer
    .published()
    .map((row) => ({ ...row, partition: 0, figures: row as StoredChange, generation: 1 }));
  return {
    ...storedEvents(accounts),
    friendships: [...world.friendships.values()],
    streaks,
    history,
    letters,
    shards: Array.from({ length: SHARDS }, (_, shard) => {
      const outSeq = writer.lastNumber(shard);
      return { shard, outSeq, publishedSeq: outSeq, projectedSeq: outSeq };
    }),
    redis: streaks,
    boards: RULES.flatMap((rule) => BOARDS.map((board) => boardOf(rule, board, streaks))),
    boardsReadAtMs: NOW_MS,
    published: {
      changes: { kafkajs: changes, Java: changes.map(({ figures: _, generation: __, ...change }) => change) },
      states: streaks.map((row) => ({
        partition: 0,
        key: stateKey(row),
        version: row.version,
        state: lastTypes.get(stateKey(row)) === 'USER_ERASED' ? null : stateText(row),
      })),
      letters,
    },
  };
}

function streakOf(
  userId: string,
  rule: ReferenceRule,
  { streaks }: ReferenceAccount,
  last: { readonly version: number; readonly causedAtMs: number } | undefined,
): StoredStreak[] {
  if (last === undefined) return [];
  const { version, causedAtMs: updatedAtMs } = last;
  return [{ ...storedFiguresOf(streaks[rule]), rule, userId, version, updatedAtMs }];
}

function boardOf(rule: ReferenceRule, board: BoardName, streaks: readonly StoredStreak[]): StoredBoard {
  const entries = streaks
    .filter((row) => row.rule === rule && !row.isUnlisted && row.qualifiedDaysCount > 0)
    .map(entryOf)
    .filter(({ expiresAtMs }) => board === 'qualified' || expiresAtMs > NOW_MS)
    .sort((one, other) => rank(board, one, other));
  return { rule, board, entries };
}

function storedEvents(accounts: readonly (readonly [string, ReferenceAccount])[]) {
  return {
    sessions: accounts.flatMap(([, { sessions }]) =>
      [...sessions.values()].map(({ event, recordTimeMs }) => ({ ...event, recordTimeMs })),
    ),
    checkIns: accounts.flatMap(([, { checkIns }]) =>
      [...checkIns.values()].map(({ event, recordTimeMs }) => ({ ...event, recordTimeMs })),
    ),
    retractions: accounts.flatMap(([userId, { retractions }]) =>
      [...retractions].map(([sessionId, { recordTimeMs, laterSession }]) => ({
        userId,
        sessionId,
        recordTimeMs,
        sessionRecordTimeMs: laterSession?.recordTimeMs ?? null,
      })),
    ),
    specials: accounts.flatMap(([userId, { isCorrected, erasedAtMs = null }]) =>
      isCorrected ? [{ userId, erasedAtMs }] : [],
    ),
    members: accounts.flatMap(([userId, { organisations }]) =>
      organisations.map((organisationId) => ({ organisationId, userId })),
    ),
    totals: accounts.flatMap(([userId, { streaks }]) =>
      RULES.flatMap((rule) =>
        [...streaks[rule].days].map(([date, { total, latest }]) => ({
          rule,
          userId,
          date,
          total,
          latestEndMs: latest.endMs,
          latestId: latest.id,
          latestTimezone: latest.timezone,
        })),
      ),
    ),
  };
}
