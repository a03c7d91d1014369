import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { Session } from '@streaks/shared/domain/events/session';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import { emptyStreakState } from '@streaks/shared/domain/streaks/streak-state';
import { activitySource } from '../additive/activity-source';
import { focusSource } from '../additive/focus-source';
import { collectDayDeltas } from './day-deltas';
import { type DayTargets, type FoldContext, findStreakNews, foldStreak } from './fold-streaks';
import { orderEvents } from './order-events';

const TARGET_MS = 1_800_000;
const MINUTE_MS = 60_000;
const MONDAY_MS = Date.UTC(2026, 0, 5);
const MONDAY = (MONDAY_MS / 86_400_000) as LocalDay;
const dayAfterMonday = (count: number) => (MONDAY + count) as LocalDay;

function session(sessionId: string, startMinute: number, minutes: number, more: Partial<Session> = {}): Session {
  const startMs = MONDAY_MS + startMinute * MINUTE_MS;
  return { userId: 'u', sessionId, startMs, endMs: startMs + minutes * MINUTE_MS, timezone: 'UTC', ...more };
}

describe('orderEvents', () => {
  it('sorts by the bytes of the ids and keeps the first of each identity', () => {
    // U+1F525 is after U+FFEE in bytes, before it in UTF-16.
    const ids = ['\u{1f525}', 'b', '\uffee', 'a', 'b'];
    expect(
      orderEvents(
        focusSource,
        ids.map((id) => session(id, 0, 1)),
      ),
    ).toEqual({
      firsts: [3, 1, 2, 0],
      repeats: [{ repeat: 4, first: 1 }],
    });
  });
});

describe('collectDayDeltas', () => {
  it('adds up each day, in order of date, and finds the day’s latest event', () => {
    const sessions = [session('late', 1430, 20), session('early', 5, 10), session('next', 1440, 10)];
    const deltas = collectDayDeltas(focusSource, sessions, [0, 1, 2]);
    expect(deltas.map(({ day, added, latestId }) => [day, added, latestId])).toEqual([
      [MONDAY, 20 * MINUTE_MS, 'late'],
      [MONDAY + 1, 20 * MINUTE_MS, 'next'],
    ]);
  });
});

describe('collectDayDeltas of check-ins', () => {
  it('counts each once, on the day of its own zone', () => {
    const checkIn = (checkInId: string, atMs: number, timezone: string) => ({ userId: 'u', checkInId, atMs, timezone });
    const deltas = collectDayDeltas(activitySource, [
      checkIn('1', MONDAY_MS + 20 * 60 * MINUTE_MS, 'UTC'),
      checkIn('2', MONDAY_MS + 20 * 60 * MINUTE_MS, 'Asia/Tokyo'),
      checkIn('3', MONDAY_MS, 'UTC'),
    ]);
    expect(deltas.map(({ day, added, latestId }) => [day, added, latestId])).toEqual([
      [MONDAY, 2, '1'],
      [MONDAY + 1, 1, '2'],
    ]);
  });
});

describe('findStreakNews', () => {
  const total = (milliseconds: number) => ({ totals: Float64Array.of(milliseconds), zones: new Map() });
  const usual: DayTargets = { usual: TARGET_MS, ofUser: () => undefined };

  it('names the record with which a day reached its target, in record order whatever the order of ids', () => {
    const sessions = [session('c', 0, 20), session('b', 30, 20), session('a', 60, 20)];
    const deltas = collectDayDeltas(focusSource, sessions, [2, 1, 0]);
    const news = findStreakNews(deltas, total(60 * MINUTE_MS), usual);
    expect(news).toEqual([{ userId: 'u', qualified: [{ day: MONDAY, index: 1, timezone: 'UTC' }], rezoned: [] }]);
  });

  it('leaves a day alone that another owner took over the target', () => {
    const deltas = collectDayDeltas(focusSource, [session('a', 0, 20)], [0]);
    expect(findStreakNews(deltas, total(60 * MINUTE_MS), usual)).toEqual([]);
  });

  it('asks each user’s own target of the day', () => {
    const deltas = collectDayDeltas(focusSource, [session('a', 0, 20), session('b', 0, 20, { userId: 'v' })], [0, 1]);
    const lowered: DayTargets = {
      usual: TARGET_MS,
      ofUser: (userId) => (userId === 'v' ? (day) => (day === MONDAY ? 20 * MINUTE_MS : TARGET_MS) : undefined),
    };
    const totals = { totals: Float64Array.of(20 * MINUTE_MS, 20 * MINUTE_MS), zones: new Map() };
    expect(findStreakNews(deltas, totals, lowered)).toMatchObject([{ userId: 'v', qualified: [{ day: MONDAY }] }]);
  });

  it('takes exactly the target for enough', () => {
    const deltas = collectDayDeltas(focusSource, [session('a', 0, 30)], [0]);
    expect(findStreakNews(deltas, total(30 * MINUTE_MS), usual)).toHaveLength(1);
  });
});

describe('foldStreak', () => {
  const context: FoldContext = { recordTimeMs: (index) => 1_000 + index, hasOwnZone: () => false };
  const qualified = (day: LocalDay, index: number) => ({ day, index, timezone: `zone-${index}` });

  it('makes one step for each added day, each from where the last one ended', () => {
    const steps = foldStreak(
      emptyStreakState,
      {
        userId: 'u',
        qualified: [qualified(dayAfterMonday(0), 0), qualified(dayAfterMonday(2), 1), qualified(dayAfterMonday(1), 2)],
        rezoned: [],
      },
      context,
    );
    expect(steps.map(({ changeType, before, after }) => [changeType, before.version, after.version])).toEqual([
      ['FIRST_ACTIVITY', 0, 1],
      ['STREAK_RESET', 1, 2],
      ['STREAK_RECOVERED', 2, 3],
    ]);
    expect(steps.at(-1)?.after).toEqual({
      runs: [{ first: MONDAY, length: 3 }],
      timezone: 'zone-1',
      version: 3,
      updatedAtMs: 1_002,
    });
  });

  it('revises the zone only where the rezoned day is the last one', () => {
    const state = { runs: runsFromDays([MONDAY, dayAfterMonday(1)]), timezone: 'UTC', version: 7, updatedAtMs: 0 };
    const rezoned = (day: LocalDay) => ({
      userId: 'u',
      qualified: [],
      rezoned: [{ day, index: 0, timezone: 'Asia/Tokyo' }],
    });
    expect(foldStreak(state, rezoned(MONDAY), context)).toEqual([]);
    expect(foldStreak(state, rezoned(dayAfterMonday(1)), context)).toMatchObject([
      { changeType: 'STREAK_REVISED', qualifiedDate: null, after: { timezone: 'Asia/Tokyo', version: 8 } },
    ]);
  });

  it('keeps what settings put into the state, and joins runs over a day that a freeze bridges', () => {
    const bridging = { freezes: [{ from: MONDAY, rule: { earnEvery: 1, cap: 1 } }], pauses: [] };
    const state = {
      runs: runsFromDays([MONDAY]),
      timezone: 'Asia/Tokyo',
      version: 2,
      updatedAtMs: 0,
      bridging,
      isUnlisted: true as const,
    };
    const news = { userId: 'u', qualified: [qualified(dayAfterMonday(2), 0)], rezoned: [] };
    const [step] = foldStreak(state, news, { ...context, hasOwnZone: () => true });
    expect(step).toMatchObject({
      changeType: 'STREAK_RECOVERED',
      after: { timezone: 'Asia/Tokyo', bridging, isUnlisted: true, version: 3 },
      summaryAfter: { currentRunLength: 2 },
    });
    const rezoned = { userId: 'u', qualified: [], rezoned: [{ day: MONDAY, index: 0, timezone: 'UTC' }] };
    expect(foldStreak(state, rezoned, { ...context, hasOwnZone: () => true })).toEqual([]);
  });
});
