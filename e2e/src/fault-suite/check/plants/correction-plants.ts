import type { ReferenceRecord, ReferenceUserEvent } from '@streaks/testing/reference/reference-event';
import type { ReferenceAccount } from '@streaks/testing/reference/reference-user';
import type { CollectedRun, StoredSession } from '../collected-run';
import type { Expectation } from '../expectation';
import { storedFiguresOf } from '../stored/streak-faults';
import { streakText } from '../texts';
import { choose, type Plant, withPublished } from './plant';

type UserRecord = ReferenceRecord<ReferenceUserEvent>;

/** A session of the log that does not count, as it would be stored if it did. */
function sessionWhere(
  expected: Expectation,
  what: string,
  fits: (account: ReferenceAccount, record: UserRecord) => boolean,
): StoredSession {
  for (const [userId, account] of expected.world.users) {
    if (!account.isCorrected) continue;
    for (const record of expected.world.recordsOf(userId)) {
      if (record.event.kind !== 'session' || account.sessions.has(record.event.session.sessionId)) continue;
      if (fits(account, record)) return { ...record.event.session, recordTimeMs: record.recordTimeMs };
    }
  }
  throw new Error(`the run has no ${what} to plant a fault in`);
}

const retractedSession = (expected: Expectation): StoredSession =>
  sessionWhere(
    expected,
    'retracted session',
    ({ retractions }, { event }) => event.kind === 'session' && retractions.has(event.session.sessionId),
  );

const erasedSession = (expected: Expectation): StoredSession =>
  sessionWhere(
    expected,
    'erased session',
    ({ erasedAtMs }, { recordTimeMs }) => erasedAtMs !== undefined && recordTimeMs <= erasedAtMs,
  );

/** The run as it would be if the user's records had been these. */
function withFocusOf(run: CollectedRun, userId: string, { streaks: { focus } }: ReferenceAccount): CollectedRun {
  return {
    ...run,
    streaks: run.streaks.map((row) =>
      row.userId === userId && row.rule === 'focus' ? { ...row, ...storedFiguresOf(focus) } : row,
    ),
  };
}

/** A user whose focus would be another without one kind of event, and what it would be. */
function userWithout(
  run: CollectedRun,
  { world }: Expectation,
  kind: ReferenceUserEvent['kind'],
): [userId: string, account: ReferenceAccount] {
  const textOf = (account: ReferenceAccount): string => streakText(storedFiguresOf(account.streaks.focus));
  for (const { userId, rule } of run.streaks) {
    const account = world.users.get(userId);
    if (rule !== 'focus' || account?.isCorrected !== true) continue;
    const other = world.fold(world.recordsOf(userId).filter(({ event }) => event.kind !== kind));
    if (textOf(other) !== textOf(account)) return [userId, other];
  }
  throw new Error(`the run has no user to plant the loss of ${kind} in`);
}

/** Faults of retractions, settings and erasures. */
export const correctionPlants: readonly Plant[] = [
  {
    name: 'a retracted session that is stored',
    kind: 'wrong',
    where: 'focus_sessions',
    plant: (run, expected) => ({ ...run, sessions: [...run.sessions, retractedSession(expected)] }),
  },
  {
    name: 'a retracted session that still counts',
    kind: 'wrong',
    where: 'user_streaks',
    plant: (run, expected) => withFocusOf(run, ...userWithout(run, expected, 'retraction')),
  },
  {
    name: 'a lost change of settings',
    kind: 'wrong',
    where: 'user_streaks',
    plant: (run, expected) => withFocusOf(run, ...userWithout(run, expected, 'settings')),
  },
  {
    name: "an erased user's session left behind",
    kind: 'wrong',
    where: 'focus_sessions',
    plant: (run, expected) => ({ ...run, sessions: [...run.sessions, erasedSession(expected)] }),
  },
  {
    name: "an erased user's history left behind",
    kind: 'wrong',
    where: 'streak_history',
    plant: (run) => {
      const begins = choose(run.history, 'history that an erasure began', (row) => row.changeType === 'USER_ERASED');
      const left = { ...begins, version: begins.version - 1, changeType: 'STREAK_REVISED' };
      return { ...run, history: run.history.flatMap((row) => (row === begins ? [left, row] : [row])) };
    },
  },
  {
    name: 'an erasure forgotten',
    kind: 'lost',
    where: 'special_users',
    plant: (run) => ({ ...run, specials: run.specials.filter(({ erasedAtMs }) => erasedAtMs === null) }),
  },
  {
    name: "an erased user's state published last",
    kind: 'wrong',
    where: 'user-streaks',
    plant: (run) => {
      const last = new Map(run.published.states.map((state) => [state.key, state]));
      const erased = choose(last.values(), 'state whose last record has no value', ({ state }) => state === null);
      const states = run.published.states.map((state) => (state === erased ? { ...state, state: 'UTC 1 1' } : state));
      return withPublished(run, { states });
    },
  },
  {
    name: 'a friendship left behind',
    kind: 'wrong',
    where: 'friendships',
    plant: (run) => ({
      ...run,
      friendships: [...run.friendships, { first: 'a', second: 'b', isFriend: true, changedAtMs: 0 }],
    }),
  },
];
