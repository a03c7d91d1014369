import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { EffectiveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { runsFromDays } from '@streaks/shared/domain/streaks/runs';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { UserRules } from '../specials/user-rules';
import { recount } from './recount-state';

const day = (number: number) => number as LocalDay;
const cause = { topicId: 't', partition: 1, offset: 2n, recordTimeMs: 7, requestId: null };
const erasure = { ...cause, offset: 1n, recordTimeMs: 5 };
const STATE: StreakState = { runs: runsFromDays([day(1), day(3)]), timezone: 'UTC', version: 4, updatedAtMs: 1 };
const row = { row: '(0,1)', state: STATE };
const days = { runs: STATE.runs, timezone: 'UTC' };

function rulesOf(settings?: Partial<EffectiveSettings>): UserRules {
  const none = { timezone: null, isUnlisted: false, bridging: undefined, targetOn: () => undefined };
  return { settingsOf: () => settings && { ...none, ...settings }, targetsOf: () => undefined };
}

describe('recount', () => {
  it('changes nothing where the days and settings say the same, whenever the state was written', () => {
    expect(recount({ userId: 'u', cause }, 'focus', row, days, rulesOf()).changes).toEqual([]);
    expect(
      recount({ userId: 'u', cause }, 'focus', undefined, { runs: [], timezone: null }, rulesOf()).changes,
    ).toEqual([]);
  });

  it('makes one change of all that differs, and of settings alone a row for a user without one', () => {
    const bridging = { freezes: [{ from: day(0), rule: { earnEvery: 1, cap: 1 } }], pauses: [] };
    const settings = rulesOf({ timezone: 'Asia/Tokyo', isUnlisted: true, bridging });
    expect(recount({ userId: 'u', cause }, 'focus', row, days, settings).changes).toMatchObject([
      {
        changeType: 'STREAK_RECOVERED', // the same days in one chain
        version: 5,
        qualifiedDate: null,
        after: { timezone: 'Asia/Tokyo', isUnlisted: true, bridging, updatedAtMs: 7 },
        summaryAfter: { currentRunLength: 2 },
        isLast: true,
      },
    ]);
    const empty = { runs: [], timezone: null };
    expect(recount({ userId: 'u', cause }, 'activity', undefined, empty, settings).changes).toMatchObject([
      { changeType: 'STREAK_REVISED', version: 1, before: { version: 0 }, after: { timezone: 'Asia/Tokyo' } },
    ]);
  });

  it('tells of an erasure with nothing of what was before, and then what is left', () => {
    const left = { runs: runsFromDays([day(3)]), timezone: 'UTC' };
    const { changes } = recount({ userId: 'u', cause, erasure }, 'focus', row, left, rulesOf());
    expect(changes).toMatchObject([
      {
        changeType: 'USER_ERASED',
        isErasure: true,
        version: 5,
        isLast: false,
        before: { runs: [], timezone: null, version: 4 },
        after: { runs: [], timezone: null, version: 5, updatedAtMs: 5 },
        source: { offset: 1n },
      },
      { changeType: 'STREAK_REVISED', version: 6, isLast: true, after: { runs: left.runs, updatedAtMs: 7 } },
    ]);
    const nothing = { runs: [], timezone: null };
    expect(recount({ userId: 'u', cause, erasure }, 'focus', undefined, nothing, rulesOf()).changes).toEqual([]);
  });
});
