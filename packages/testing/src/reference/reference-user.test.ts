import { dayNumber } from '../reference-fold';
import type { ReferenceChange, ReferenceEvent, ReferenceRange, ReferenceRecord } from './reference-event';
import { type ReferenceWorld, referenceLog } from './reference-log';
import type { ReferenceStreak } from './reference-streak';

const TARGETS = { focus: 1_800_000, activity: 1 };
const MINUTE_MS = 60_000;

const at = (date: string, time = '10:00'): number => Date.parse(`${date}T${time}:00Z`);
const session = (date: string, minutes = 30, sessionId = date): ReferenceEvent => {
  const startMs = at(date);
  return {
    kind: 'session',
    session: { userId: 'u', sessionId, startMs, endMs: startMs + minutes * MINUTE_MS, timezone: 'UTC' },
  };
};
const checkIn = (date: string, checkInId: string): ReferenceEvent => ({
  kind: 'check-in',
  checkIn: { userId: 'u', checkInId, atMs: at(date), timezone: 'UTC' },
});
const january = (...days: number[]): string[] => days.map((day) => `2025-01-${String(day).padStart(2, '0')}`);
const settings = (effectiveFrom: string, change: Partial<ReferenceChange>): ReferenceEvent => ({
  kind: 'settings',
  userId: 'u',
  change: { changeId: 'c', changedAtMs: at(effectiveFrom), effectiveFrom, ...change },
});
/** Recorded one after the other, a second apart, from 1 on. */
const logOf = (events: readonly ReferenceEvent[]): ReferenceRecord[] =>
  events.map((event, index) => ({ event, recordTimeMs: index + 1 }));
const fold = (...events: ReferenceEvent[]): ReferenceWorld => referenceLog(logOf(events), TARGETS);
const focus = (...events: ReferenceEvent[]): ReferenceStreak => {
  const streak = fold(...events).users.get('u')?.streaks.focus;
  if (streak === undefined) throw new Error('no user');
  return streak;
};
const lengths = ({ currentRunLength, longestRunLength, bridgedDays }: ReferenceStreak): number[] => [
  currentRunLength,
  longestRunLength,
  bridgedDays,
];

describe('the reference of all events', () => {
  it('counts check-ins by day, each id once', () => {
    const [one = '', two = ''] = january(1, 2);
    const { activity } = fold(checkIn(one, 'a'), checkIn(one, 'b'), checkIn(one, 'b'), checkIn(two, 'c')).users.get('u')
      ?.streaks ?? { activity: undefined };
    expect([...(activity?.days ?? [])].map(([date, { total }]) => [date, total])).toEqual([
      [one, 2],
      [two, 1],
    ]);
    expect(activity?.runs).toEqual([{ first: one, length: 2 }]);
  });

  it('never counts a retracted session, whichever comes first', () => {
    const [one = '', two = ''] = january(1, 2);
    const retraction: ReferenceEvent = { kind: 'retraction', userId: 'u', sessionId: one };
    expect(focus(retraction, session(one), session(two)).qualifiedDates).toEqual([two]);
    expect(focus(session(one), session(two), retraction).qualifiedDates).toEqual([two]);
  });

  it('forgets what was recorded up to an erasure, and counts what comes after', () => {
    const [one = '', two = '', three = ''] = january(1, 2, 3);
    const erasure: ReferenceEvent = { kind: 'erasure', userId: 'u' };
    const world = fold(session(one), settings(one, { timezone: 'Asia/Tokyo' }), session(two), erasure, session(three));
    const user = world.users.get('u');
    expect(user?.streaks.focus.qualifiedDates).toEqual([three]);
    expect(user?.streaks.focus.timezone).toBe('UTC');
    expect(user?.erasedAtMs).toBe(4);
    const sameInstant = [session(one), erasure, session(two)].map((event) => ({ event, recordTimeMs: 7 }));
    expect(referenceLog(sameInstant, TARGETS).users.get('u')?.sessions.size).toBe(0);
  });

  it('keeps a session whose retraction was erased before it was recorded', () => {
    const [one = ''] = january(1);
    const events: ReferenceEvent[] = [
      { kind: 'retraction', userId: 'u', sessionId: one },
      { kind: 'erasure', userId: 'u' },
      session(one),
    ];
    expect(focus(...events).qualifiedDates).toEqual([one]);
  });

  it('judges each day by the target that was in force on it', () => {
    const days = january(1, 2, 3, 4).map((date) => session(date, 40));
    const [, , three = ''] = january(1, 2, 3);
    expect(focus(...days, settings(three, { dailyTargetSeconds: 3_600 })).runs).toEqual([
      { first: '2025-01-01', length: 2 },
    ]);
    expect(focus(...days, settings('2020-01-01', { dailyTargetSeconds: 2_401 })).runs).toEqual([]);
  });

  it('takes the target of the organisation while the user belongs to it and has none', () => {
    const days = january(1, 2, 3, 4, 5).map((date) => session(date, 40));
    const organisation: ReferenceEvent = {
      kind: 'organisation',
      organisationId: 'o',
      change: { changeId: 'o1', changedAtMs: 0, effectiveFrom: '2020-01-01', dailyTargetSeconds: 3_600 },
    };
    const [, two = '', , four = ''] = january(1, 2, 3, 4);
    const joined = settings(two, { changeId: 'c1', organisationId: 'o' });
    const left = settings(four, { changeId: 'c2', organisationId: null });
    expect(focus(...days, organisation, joined, left).qualifiedDates).toEqual(january(1, 4, 5));
    const own = settings('2020-01-01', { changeId: 'c3', dailyTargetSeconds: 60 });
    expect(focus(...days, organisation, joined, own).qualifiedDates).toEqual(january(1, 2, 3, 4, 5));
    expect(fold(joined, left).users.get('u')?.organisations).toEqual(['o']);
  });

  it('spends a freeze on each missed day, and ends the streak before a gap that is too long', () => {
    const rule = settings('2020-01-01', { freeze: { earnEvery: 2, cap: 2 } });
    const days = (...numbers: number[]) => january(...numbers).map((date) => session(date));
    expect(lengths(focus(rule, ...days(1, 2, 4, 5)))).toEqual([4, 4, 1]);
    expect(lengths(focus(rule, ...days(1, 2, 5, 6)))).toEqual([2, 2, 0]);
    expect(lengths(focus(rule, ...days(1, 2, 3, 4, 5, 6, 9)))).toEqual([7, 7, 2]);
    expect(lengths(focus(rule, ...days(1, 2, 3, 4, 5, 6, 10)))).toEqual([1, 6, 0]);
    expect(lengths(focus(...days(1, 2, 4)))).toEqual([1, 2, 0]);
  });

  it('bridges paused days for nothing, and tells when the streak breaks', () => {
    const pauses: ReferenceRange[] = [
      { first: '2025-01-05', last: '2025-01-06' },
      { first: '2025-01-03', last: '2025-01-04' },
    ];
    const paused = focus(...january(1, 2, 7).map((date) => session(date)), settings('2025-01-01', { pauses }));
    expect(lengths(paused)).toEqual([3, 3, 4]);
    expect(paused.bridging).toEqual({ freezes: [], pauses: [{ first: '2025-01-03', last: '2025-01-06' }] });
    expect(paused.expiresAtMs).toBe(at('2025-01-09', '00:00'));
    const frozen = focus(
      ...january(1, 2).map((date) => session(date)),
      settings('2025-01-01', { pauses, freeze: { earnEvery: 1, cap: 2 } }),
    );
    expect(frozen.expiresAtMs).toBe(at('2025-01-10', '00:00'));
  });

  it('keeps of a pair of friends the latest change that no erasure of either took', () => {
    const change = (userId: string, friendId: string, isFriend: boolean, changedAtMs: number): ReferenceEvent => ({
      kind: 'friendship',
      userId,
      friendId,
      isFriend,
      changedAtMs,
    });
    const pair = (...events: ReferenceEvent[]) => fold(...events).friendships.get('a b');
    expect(pair(change('b', 'a', true, 5), change('a', 'b', false, 5))?.isFriend).toBe(false);
    expect(pair(change('b', 'a', true, 6), change('a', 'b', false, 5))?.isFriend).toBe(true);
    expect(pair(change('b', 'a', true, 6), { kind: 'erasure', userId: 'b' })).toBeUndefined();
    expect(pair(change('b', 'a', true, 6), { kind: 'erasure', userId: 'b' }, change('a', 'b', true, 4))).toMatchObject({
      isFriend: true,
      changedAtMs: 4,
    });
  });

  it('folds some of the records of a user once more', () => {
    const world = fold(...january(1, 2, 3).map((date) => session(date)));
    const without = world.fold(world.recordsOf('u').slice(1));
    expect(without.streaks.focus.runs).toEqual([{ first: '2025-01-02', length: 2 }]);
    expect(dayNumber('2025-01-02')).toBe(20_090);
  });
});
