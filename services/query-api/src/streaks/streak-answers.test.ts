import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';
import { ACTIVITY_RULE, FOCUS_RULE, type RuleId } from '@streaks/shared/domain/rules';
import { day, stateOf } from '../testing/query-app-harness';
import { answerRuleStreak, answerStreak } from './streak-answers';
import { zoneOf } from './zone-of';

const NOON_ON_THE_15TH_MS = Date.parse('2025-01-15T12:00:00Z');
const now = {};

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
    expect(zoneOf(state, undefined, 'Europe/London').name).toBe('Asia/Tokyo');
  });

  it('is the first that is known of those given beside, where the state has none', () => {
    expect(zoneOf(stateOf([], null), undefined, null, 'Mars/Olympus', 'Asia/Tokyo', 'UTC').name).toBe('Asia/Tokyo');
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
    const then = { at: NOON_ON_THE_15TH_MS };
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
  const base = {
    ruleId: FOCUS_RULE as RuleId,
    state: stateOf(['2025-01-14']),
    zone: zone('UTC'),
    today: day('2025-01-15'),
  };

  it.each([
    [0, 0, 1800],
    [999, 0, 1800],
    [1_799_001, 1799, 1],
    [1_799_999, 1799, 1],
    [1_800_000, 1800, 0],
    [9_000_500, 9000, 0],
  ])('shows %i ms of today as %i s done and %i s missing', (total, secondsToday, secondsToTarget) => {
    const answer = answerRuleStreak({ ...base, progress: { total, target: 1_800_000 } });
    expect(answer).toMatchObject({ secondsToday, secondsToTarget, checkInsToday: null, checkInsToTarget: null });
  });

  it('shows check-ins as they are', () => {
    const answer = answerRuleStreak({ ...base, ruleId: ACTIVITY_RULE, progress: { total: 2, target: 5 } });
    expect(answer).toMatchObject({
      checkInsToday: 2,
      checkInsToTarget: 3,
      secondsToday: null,
      secondsToTarget: null,
    });
  });

  it('expires at the midnight that ends tomorrow of the last day, where the user is', () => {
    const inSaoPaulo = {
      ...base,
      state: stateOf(['2018-11-02']),
      zone: zone('America/Sao_Paulo'),
      today: day('2018-11-03'),
    };
    // Midnight of 2018-11-04 did not exist there: the day began at 01:00 of summer time.
    expect(answerRuleStreak({ ...inSaoPaulo, progress: undefined }).expiresAt).toBe('2018-11-04T03:00:00.000Z');
  });

  it('knows whether today qualifies already', () => {
    const state = stateOf(['2025-01-14', '2025-01-15']);
    const answer = answerRuleStreak({ ...base, state, progress: undefined });
    expect(answer).toMatchObject({ isActiveToday: true, daysSinceActivity: 0, currentStreak: 2, secondsToday: null });
  });
});
