import { findZone, type Zone } from '@streaks/shared/domain/zone';
import { day, stateOf } from '../testing/query-app-harness';
import { answerRuleStreak, answerStreak, zoneOf } from './streak-answers';

const NOON_ON_THE_15TH_MS = Date.parse('2025-01-15T12:00:00Z');
const now = { atMs: undefined, zone: undefined };

function zone(name: string): Zone {
  const found = findZone(name);
  if (found === undefined) {
    throw new Error(`no zone: ${name}`);
  }
  return found;
}

describe('zoneOf', () => {
  const state = stateOf(['2025-01-14'], 'Asia/Tokyo');

  it('is the zone asked for, else that of the state', () => {
    expect(zoneOf(state, zone('Europe/London')).name).toBe('Europe/London');
    expect(zoneOf(state, undefined).name).toBe('Asia/Tokyo');
  });

  it('is UTC only where nothing is stored, or under a name that this tz database lacks', () => {
    expect(zoneOf(stateOf([], null), undefined).name).toBe('UTC');
    expect(zoneOf(stateOf(['2025-01-14'], 'Mars/Olympus'), undefined).name).toBe('UTC');
  });
});

describe('answerStreak', () => {
  it("keeps a traveller's tomorrow as of now, and cuts it as of an instant", () => {
    const state = stateOf(['2025-01-15', '2025-01-16'], 'Pacific/Honolulu');
    expect(answerStreak('u', state, now, NOON_ON_THE_15TH_MS)).toMatchObject({
      currentStreak: 2,
      lastQualifiedDate: '2025-01-16',
    });
    const then = { atMs: NOON_ON_THE_15TH_MS, zone: undefined };
    expect(answerStreak('u', state, then, 0)).toMatchObject({ currentStreak: 1, lastQualifiedDate: '2025-01-15' });
  });

  it('is broken once yesterday passed without a qualified day', () => {
    const state = stateOf(['2025-01-12', '2025-01-13'], 'UTC');
    expect(answerStreak('u', state, now, NOON_ON_THE_15TH_MS)).toEqual({
      userId: 'u',
      currentStreak: 0,
      longestStreak: 2,
      lastQualifiedDate: '2025-01-13',
      qualifiedDaysCount: 2,
    });
  });
});

describe('answerRuleStreak', () => {
  const rule = { id: 'focus', targetMs: 1_800_000 };
  const base = { rule, state: stateOf(['2025-01-14']), zone: zone('UTC'), today: day('2025-01-15') };

  it.each([
    [0, 0, 1800],
    [999, 0, 1800],
    [1_799_001, 1799, 1],
    [1_799_999, 1799, 1],
    [1_800_000, 1800, 0],
    [9_000_500, 9000, 0],
  ])('shows %i ms of today as %i s done and %i s missing', (totalTodayMs, secondsToday, secondsToTarget) => {
    expect(answerRuleStreak({ ...base, totalTodayMs })).toMatchObject({ secondsToday, secondsToTarget });
  });

  it('expires at the midnight that ends tomorrow of the last day, where the user is', () => {
    const inSaoPaulo = {
      ...base,
      state: stateOf(['2018-11-02']),
      zone: zone('America/Sao_Paulo'),
      today: day('2018-11-03'),
    };
    // Midnight of 2018-11-04 did not exist there: the day began at 01:00 of summer time.
    expect(answerRuleStreak({ ...inSaoPaulo, totalTodayMs: 0 }).expiresAt).toBe('2018-11-04T03:00:00.000Z');
  });

  it('knows whether today qualifies already', () => {
    const state = stateOf(['2025-01-14', '2025-01-15']);
    const answer = answerRuleStreak({ ...base, state, totalTodayMs: undefined });
    expect(answer).toMatchObject({ isActiveToday: true, daysSinceActivity: 0, currentStreak: 2, secondsToday: null });
  });
});
