import type { Applied, DecodedRecord, Rejected } from '@streaks/exactly-once/projection';
import type { DecodedSession } from '@streaks/shared/contracts/decode-fault';
import { type Session, sameSession } from '@streaks/shared/domain/session';
import type { ClientBase } from 'pg';
import { collectDayDeltas } from './batch/day-deltas';
import { findStreakNews } from './batch/fold-streaks';
import { orderSessions } from './batch/order-sessions';
import { changeStreaks } from './change-streaks';
import type { BatchMemory } from './memory/batch-memory';
import type { KnownKeys } from './memory/known-keys';
import { collectReplies } from './replies';
import { addDayTotals } from './sql/add-day-totals';
import { insertSessions } from './sql/insert-sessions';
import { SESSION_CONFLICT, type StreakChange, type StreaksOutcome } from './streak-change';

type SessionRecord = DecodedRecord<DecodedSession>;

/** What became of each record's session, by its place in the batch. */
export type Verdict = 'stored' | 'duplicate' | 'conflict';

/**
 * Folds a batch into sessions, daily totals and streaks, in that order of locks and each sorted by the bytes of its key.
 * A session costs one insert and one upsert; only days that cross the target touch streak rows.
 */
export async function applySessions(
  client: ClientBase,
  records: readonly SessionRecord[],
  attempt: number,
  targetMs: number,
  memory: BatchMemory,
): Promise<Applied<StreakChange, StreaksOutcome>> {
  const sessions = records.map(({ event }) => event);
  const { verdicts, stored } = await storeSessions(client, sessions, attempt, memory.sessions);
  const deltas = collectDayDeltas(sessions, stored);
  const totals = await addDayTotals(client, deltas, attempt, memory.days);
  const news = findStreakNews(deltas, totals, targetMs);
  const streaks = memory.streaksOf(client);
  const { changes, statesOf, written } = await changeStreaks(client, records, news, streaks, attempt);
  const rejected = rejectConflicts(records, verdicts);
  const outcome: StreaksOutcome = {
    applied: stored.length,
    duplicates: records.length - stored.length - rejected.length,
    conflicts: rejected.length,
    daysQualified: changes.filter(({ qualifiedDate }) => qualifiedDate !== null).length,
    keyMismatches: sessions.filter(({ keyMismatch }) => keyMismatch).length,
    replies: await collectReplies(client, records, verdicts, statesOf),
    remember: () => {
      for (const { userId, streak } of written) streaks.remember(userId, streak);
    },
  };
  return { changes, rejected, outcome };
}

/** Of each identity the first session is kept, whether it is in the table or earlier in the batch. */
async function storeSessions(
  client: ClientBase,
  sessions: readonly Session[],
  attempt: number,
  known: KnownKeys,
): Promise<{ readonly verdicts: readonly Verdict[]; readonly stored: readonly number[] }> {
  const { firsts, repeats } = orderSessions(sessions);
  const taken = await insertSessions(
    client,
    firsts.map((index) => sessions[index] as Session),
    attempt,
    known,
  );
  const verdicts = new Array<Verdict>(sessions.length).fill('stored');
  const judge = (index: number, kept: Session): void => {
    verdicts[index] = sameSession(sessions[index] as Session, kept) ? 'duplicate' : 'conflict';
  };
  const keptByFirst = new Map<number, Session>();
  for (const [place, kept] of taken) {
    const first = firsts[place] as number;
    keptByFirst.set(first, kept);
    judge(first, kept);
  }
  for (const { repeat, first } of repeats) judge(repeat, keptByFirst.get(first) ?? (sessions[first] as Session));
  const stored = taken.size === 0 ? firsts : firsts.filter((index) => !keptByFirst.has(index));
  return { verdicts, stored };
}

function rejectConflicts(records: readonly SessionRecord[], verdicts: readonly Verdict[]): readonly Rejected[] {
  const rejected: Rejected[] = [];
  for (let index = 0; index < verdicts.length; index += 1) {
    if (verdicts[index] !== 'conflict') continue;
    const { source, event } = records[index] as SessionRecord;
    rejected.push({
      source,
      rejection: {
        reason: SESSION_CONFLICT,
        detail: 'a session of this user and id with other instants or another time zone came before; it is kept',
        userId: event.userId,
        eventId: event.sessionId,
      },
    });
  }
  return rejected;
}
