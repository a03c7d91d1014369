import { foldSessions } from '@streaks/shared/domain/day-totals';
import type { Session } from '@streaks/shared/domain/session';
import { summarise } from '@streaks/shared/domain/streak-state';
import { createFaultList } from './fault-list';
import { recountUser } from './recount-user';
import type { StoredDay, StoredStreak, StoredUser } from './stored-user';

const TARGET_MS = 1_800_000;
const sessions: readonly Session[] = ['2025-01-14', '2025-01-15'].map((date) => ({
  userId: 'u',
  sessionId: date,
  startMs: Date.parse(`${date}T10:00:00Z`),
  endMs: Date.parse(`${date}T11:00:00Z`),
  timezone: 'Asia/Tokyo',
}));
const { dailyTotals, state } = foldSessions(sessions, TARGET_MS);
const days: StoredUser['days'] = new Map(
  [...dailyTotals].map(([day, { milliseconds, latest }]) => [day, { totalMs: milliseconds, latest }]),
);
const streak: StoredStreak = { ...state, version: 2, ...summarise(state) };
const whole: StoredUser = { userId: 'u', sessions, days, streak };
const withDay = (change: (day: StoredDay) => StoredDay): StoredUser => ({
  ...whole,
  days: new Map([...days].map(([day, stored]) => [day, change(stored)])),
});

function faultsOf(user: StoredUser): readonly string[] {
  const faults = createFaultList();
  recountUser(user, TARGET_MS, faults);
  return faults.lines();
}

describe('recountUser', () => {
  it('finds nothing in what was counted right', () => {
    expect(faultsOf(whole)).toEqual([]);
    expect(faultsOf({ userId: 'nobody', sessions: [], days: new Map(), streak: undefined })).toEqual([]);
  });

  it.each<readonly [string, StoredUser, RegExp]>([
    ['a millisecond too many', withDay((day) => ({ ...day, totalMs: day.totalMs + 1 })), /^daily_totals .*3600001 ms/],
    [
      'the zone of another event',
      withDay((day) => ({ ...day, latest: { ...day.latest, timezone: 'UTC' } })),
      /^daily_totals .*in UTC, counted .*in Asia\/Tokyo/,
    ],
    ['a day missing', { ...whole, days: new Map([...whole.days].slice(1)) }, /^daily_totals .*: missing, counted/],
    ['a day of no session', { ...whole, sessions: sessions.slice(1) }, /^daily_totals .*counted nothing/],
    ['no streak', { ...whole, streak: undefined }, /^user_streaks /],
    ['a longest run that is none', { ...whole, streak: { ...streak, longest: 3 } }, /^user_streaks .*longest 3/],
    ['another zone of the streak', { ...whole, streak: { ...streak, timezone: 'UTC' } }, /^user_streaks .*in UTC/],
    [
      'a zone that is none',
      { ...whole, sessions: sessions.map((session) => ({ ...session, timezone: 'Nowhere' })) },
      /^focus_sessions cannot be counted/,
    ],
  ])('finds %s', (_, user, fault) => {
    expect(faultsOf(user)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });
});

describe('createFaultList', () => {
  it('counts all and keeps a few examples of each kind', () => {
    const faults = createFaultList();
    for (let index = 0; index < 1_000; index += 1) faults.add('many', `number ${index}`);
    faults.add('one', 'it');
    expect(faults.count()).toBe(1_001);
    expect(faults.lines()).toHaveLength(6);
    expect(faults.lines()[0]).toBe('many (1000): number 0');
  });
});
