import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';
import type { ReferenceAccount } from '@streaks/testing/reference/reference-user';
import type { CollectedRun, StoredCheckIn, StoredSession } from '../collected-run';
import type { Expectation } from '../expectation';
import { compareKeyed, type Fault } from '../fault';

/** Rules in the order in which tables are looked at. */
export const RULES: readonly ReferenceRule[] = ['focus', 'activity'];

/** Holds the events that Postgres keeps, and the totals of days, against the reference. */
export function eventFaults(run: CollectedRun, { world, recordTimeMs }: Expectation): Fault[] {
  const accounts = [...world.users];
  // Where record times were not read back, any is right.
  const timeText = (ms: number): string => (recordTimeMs === undefined ? '' : ` recorded ${ms}`);
  const sessionText = ({ startMs, endMs, timezone }: Omit<StoredSession, 'userId' | 'sessionId' | 'recordTimeMs'>) =>
    `${startMs} ${endMs} ${timezone}`;
  const checkInText = ({ atMs, timezone }: Pick<StoredCheckIn, 'atMs' | 'timezone'>) => `${atMs} ${timezone}`;
  const kept = <Item>(
    of: (account: ReferenceAccount) => Iterable<readonly [id: string, item: Item]>,
    text: (item: Item) => string,
  ) =>
    new Map(
      accounts.flatMap(([userId, account]) =>
        [...of(account)].map(([id, item]): [string, string] => [`${userId} ${id}`, text(item)]),
      ),
    );
  return [
    ...compareKeyed(
      'focus_sessions',
      run.sessions,
      kept(
        ({ sessions }) => sessions,
        ({ event, recordTimeMs: ms }) => sessionText(event) + timeText(ms),
      ),
      ({ userId, sessionId }) => `${userId} ${sessionId}`,
      (session) => sessionText(session) + timeText(session.recordTimeMs),
    ),
    ...compareKeyed(
      'check_ins',
      run.checkIns,
      kept(
        ({ checkIns }) => checkIns,
        ({ event, recordTimeMs: ms }) => checkInText(event) + timeText(ms),
      ),
      ({ userId, checkInId }) => `${userId} ${checkInId}`,
      (checkIn) => checkInText(checkIn) + timeText(checkIn.recordTimeMs),
    ),
    ...compareKeyed(
      'retracted_sessions',
      run.retractions,
      kept(
        ({ retractions }) => retractions,
        ({ recordTimeMs: ms, laterSession }) => `${ms} ${laterSession?.recordTimeMs ?? null}`,
      ),
      ({ userId, sessionId }) => `${userId} ${sessionId}`,
      ({ recordTimeMs: ms, sessionRecordTimeMs }) => `${ms} ${sessionRecordTimeMs}`,
    ),
    ...compareKeyed(
      'daily_totals',
      run.totals,
      wantedTotals(accounts),
      ({ rule, userId, date }) => `${rule}:${userId} ${date}`,
      (total) => `${total.total} ${total.latestEndMs} ${total.latestId} ${total.latestTimezone}`,
    ),
  ];
}

function wantedTotals(accounts: readonly (readonly [string, ReferenceAccount])[]): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [userId, { streaks }] of accounts) {
    for (const rule of RULES) {
      for (const [date, { total, latest }] of streaks[rule].days) {
        wanted.set(`${rule}:${userId} ${date}`, `${total} ${latest.endMs} ${latest.id} ${latest.timezone}`);
      }
    }
  }
  return wanted;
}

/** Erasures, memberships and friendships. */
export function peopleFaults(run: CollectedRun, { world }: Expectation): Fault[] {
  const accounts = [...world.users];
  const erased = accounts.flatMap(([userId, { erasedAtMs }]): [string, string][] =>
    erasedAtMs === undefined ? [] : [[userId, String(erasedAtMs)]],
  );
  const members = accounts.flatMap(([userId, { organisations }]) =>
    organisations.map((organisationId): [string, string] => [`${organisationId} ${userId}`, '']),
  );
  return [
    ...compareKeyed(
      'special_users',
      run.specials.filter(({ erasedAtMs }) => erasedAtMs !== null),
      new Map(erased),
      ({ userId }) => userId,
      ({ erasedAtMs }) => String(erasedAtMs),
    ),
    ...compareKeyed(
      'organisation_members',
      run.members,
      new Map(members),
      ({ organisationId, userId }) => `${organisationId} ${userId}`,
      () => '',
    ),
    ...compareKeyed(
      'friendships',
      run.friendships,
      new Map([...world.friendships].map(([key, { isFriend, changedAtMs }]) => [key, `${isFriend} ${changedAtMs}`])),
      ({ first, second }) => `${first} ${second}`,
      ({ isFriend, changedAtMs }) => `${isFriend} ${changedAtMs}`,
    ),
  ];
}
