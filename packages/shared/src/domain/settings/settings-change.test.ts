import fc from 'fast-check';
import { LAST_LOCAL_DAY, type LocalDay } from '../calendar/local-day';
import { type SettingsCandidate, type SettingsChange, settingsFaults } from './settings-change';

const NOON_MS = Date.UTC(2025, 0, 15, 12);
const LIMITS = { recordTimeMs: NOON_MS, maxFutureMs: 300_000 };
const CHANGE: SettingsChange = { changeId: 'change-1', changedAtMs: NOON_MS, effectiveFrom: 20_103 as LocalDay };

function codes(changes: SettingsCandidate): readonly string[] {
  return settingsFaults({ ...CHANGE, ...changes }, LIMITS).map(({ field, code }) => `${field} ${code}`);
}

function pauses(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ first: index * 3, last: index * 3 + 1 }));
}

describe('a change of settings', () => {
  test.each<[string, SettingsCandidate]>([
    ['that changes nothing', {}],
    [
      'of everything back to the default',
      {
        timezone: null,
        dailyTargetSeconds: null,
        dailyCheckInTarget: null,
        organisationId: null,
        freeze: null,
        pauses: null,
        leaderboardOptOut: null,
      },
    ],
    [
      'with the least there may be',
      {
        changedAtMs: 0,
        effectiveFrom: 0,
        dailyTargetSeconds: 1,
        dailyCheckInTarget: 1,
        freeze: { earnEvery: 1, cap: 1 },
        pauses: [],
        leaderboardOptOut: false,
      },
    ],
    [
      'with the most there may be',
      {
        changedAtMs: NOON_MS + 300_000,
        effectiveFrom: LAST_LOCAL_DAY,
        timezone: 'America/Argentina/Buenos_Aires',
        dailyTargetSeconds: 86_400,
        dailyCheckInTarget: 1000,
        organisationId: 'o'.repeat(128),
        freeze: { earnEvery: 365, cap: 100 },
        pauses: pauses(100),
        leaderboardOptOut: true,
      },
    ],
    [
      'with pauses that overlap, in no order',
      {
        pauses: [
          { first: 9, last: LAST_LOCAL_DAY },
          { first: 0, last: 9 },
        ],
      },
    ],
  ])('may be one %s', (_, changes) => {
    expect(codes(changes)).toEqual([]);
  });

  test.each<[string, SettingsCandidate, string[]]>([
    ['no id', { changeId: undefined }, ['changeId INVALID_ID']],
    ['an id with a space', { changeId: 'a b' }, ['changeId INVALID_ID']],
    ['no instant', { changedAtMs: undefined }, ['changedAt NOT_AN_INSTANT']],
    ['an instant before 1970', { changedAtMs: -1 }, ['changedAt BEFORE_1970']],
    ['an instant in the future', { changedAtMs: NOON_MS + 300_001 }, ['changedAt IN_THE_FUTURE']],
    ['no first day', { effectiveFrom: undefined }, ['effectiveFrom NOT_A_DATE']],
    ['a first day before 1970', { effectiveFrom: -1 }, ['effectiveFrom NOT_A_DATE']],
    ['a first day after 9999', { effectiveFrom: LAST_LOCAL_DAY + 1 }, ['effectiveFrom NOT_A_DATE']],
    ['half a day', { effectiveFrom: 0.5 }, ['effectiveFrom NOT_A_DATE']],
    ['a date as text', { effectiveFrom: '2025-01-15' }, ['effectiveFrom NOT_A_DATE']],
    ['a zone that is none', { timezone: 'Mars/Olympus_Mons' }, ['timezone UNKNOWN_TIMEZONE']],
    ['an offset', { timezone: 'UTC+3' }, ['timezone OFFSET_TIMEZONE']],
    ['a zone that is a number', { timezone: 0 }, ['timezone UNKNOWN_TIMEZONE']],
    ['a target of nothing', { dailyTargetSeconds: 0 }, ['dailyTargetSeconds OUT_OF_RANGE']],
    ['a target of more than a day', { dailyTargetSeconds: 86_401 }, ['dailyTargetSeconds OUT_OF_RANGE']],
    ['a target of half a second', { dailyTargetSeconds: 1.5 }, ['dailyTargetSeconds OUT_OF_RANGE']],
    ['a target that is none', { dailyTargetSeconds: Number.NaN }, ['dailyTargetSeconds OUT_OF_RANGE']],
    ['no check-in a day', { dailyCheckInTarget: 0 }, ['dailyCheckInTarget OUT_OF_RANGE']],
    ['too many check-ins a day', { dailyCheckInTarget: 1001 }, ['dailyCheckInTarget OUT_OF_RANGE']],
    ['a number as text', { dailyCheckInTarget: '1' }, ['dailyCheckInTarget OUT_OF_RANGE']],
    ['an organisation without an id', { organisationId: '' }, ['organisationId INVALID_ID']],
    ['a freeze rule that is text', { freeze: 'often' }, ['freeze NOT_A_FREEZE_RULE']],
    ['a freeze rule without a cap', { freeze: { earnEvery: 7 } }, ['freeze NOT_A_FREEZE_RULE']],
    ['freezes for nothing', { freeze: { earnEvery: 0, cap: 1 } }, ['freeze.earnEvery OUT_OF_RANGE']],
    [
      'freezes that are too rare and too many',
      { freeze: { earnEvery: 366, cap: 101 } },
      ['freeze.earnEvery OUT_OF_RANGE', 'freeze.cap OUT_OF_RANGE'],
    ],
    ['one pause without a list', { pauses: { first: 1, last: 2 } }, ['pauses NOT_A_LIST']],
    ['101 pauses', { pauses: pauses(101) }, ['pauses TOO_MANY']],
    ['a pause that is none', { pauses: [null] }, ['pauses[0].first NOT_A_DATE', 'pauses[0].last NOT_A_DATE']],
    ['a pause without an end', { pauses: [{ first: 1, last: 2 }, { first: 4 }] }, ['pauses[1].last NOT_A_DATE']],
    ['a pause that ends before it begins', { pauses: [{ first: 2, last: 1 }] }, ['pauses[0].last LAST_BEFORE_FIRST']],
    ['a pause before 1970', { pauses: [{ first: -1, last: 1 }] }, ['pauses[0].first NOT_A_DATE']],
    ['an opt-out that is a number', { leaderboardOptOut: 1 }, ['leaderboardOptOut NOT_A_BOOLEAN']],
    [
      'several faults',
      { changeId: 7, effectiveFrom: null, dailyTargetSeconds: -1 },
      ['changeId INVALID_ID', 'effectiveFrom NOT_A_DATE', 'dailyTargetSeconds OUT_OF_RANGE'],
    ],
  ])('may not have %s', (_, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  it('has faults without throwing, whatever it is', () => {
    const part = fc.oneof(
      fc.anything(),
      fc.array(fc.oneof(fc.anything(), fc.record({ first: fc.anything(), last: fc.integer() }))),
      fc.record({ earnEvery: fc.anything(), cap: fc.anything() }),
    );
    const fields = ['changeId', 'changedAtMs', 'effectiveFrom', 'timezone', 'freeze', 'pauses', 'leaderboardOptOut'];
    const anything = fc.record(Object.fromEntries(fields.map((field) => [field, part])));
    fc.assert(
      fc.property(anything, (candidate) => {
        expect(settingsFaults(candidate, LIMITS).length).toBeGreaterThan(0);
      }),
    );
  });
});
