import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { addChange, noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import { usualUser } from './special-user';
import { createUserRules } from './user-rules';

const DEFAULTS = { focus: 1_800_000, activity: 1 };
const day = (number: number) => number as LocalDay;

function stored(change: object): StoredSettings {
  return addChange(noSettings, { changeId: 'c', changedAtMs: 1, effectiveFrom: day(10), ...change }, 0);
}

describe('the rules of users', () => {
  const users = new Map([
    ['own', { ...usualUser, settings: stored({ dailyTargetSeconds: 60 }) }],
    ['member', { ...usualUser, settings: stored({ organisationId: 'org' }) }],
    ['retracted', { ...usualUser, hasRetractions: true }],
  ]);
  const rules = createUserRules(users, new Map([['org', stored({ dailyCheckInTarget: 3 })]]), DEFAULTS);

  it('give each day its target: the own one, that of the organisation, else the default', () => {
    const own = rules.targetsOf('focus', 'own');
    expect([own?.(day(9)), own?.(day(10))]).toEqual([1_800_000, 60_000]);
    expect(rules.targetsOf('activity', 'own')?.(day(10))).toBe(1);
    expect(rules.targetsOf('activity', 'member')?.(day(10))).toBe(3);
  });

  it('have nothing to say of users without settings', () => {
    for (const userId of ['retracted', 'unknown']) {
      expect(rules.settingsOf(userId)).toBeUndefined();
      expect(rules.targetsOf('focus', userId)).toBeUndefined();
    }
  });
});
