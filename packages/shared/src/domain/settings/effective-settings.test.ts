import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import { arbitraryDistinctLog, LAST_SETTINGS_TEST_DAY } from '../reference-model/arbitrary-settings';
import { bruteForceSetting, bruteForceShared, type LoggedChange } from '../reference-model/brute-force-settings';
import type { Bridging } from '../streaks/bridging';
import { organisationIdsOf, resolveSettings } from './effective-settings';
import type { SettingsChange } from './settings-change';
import { addChange, noSettings, type StoredSettings, withoutRecordedUpTo } from './stored-settings';

/** Changes that were made and recorded one after the other. */
function settingsOf(...changes: (Partial<SettingsChange> & { readonly from: number })[]): StoredSettings {
  return changes.reduce((stored: StoredSettings, { from, ...settings }, index) => {
    const identity = { changeId: `${index}`, changedAtMs: index, effectiveFrom: from as LocalDay };
    return addChange(stored, { ...identity, ...settings }, index);
  }, noSettings);
}

function targets(user: StoredSettings, organisations = NO_ORGANISATIONS, days = 5): (number | undefined)[] {
  const { targetOn } = resolveSettings(user, organisations);
  return Array.from({ length: days }, (_, day) => targetOn('focus', day as LocalDay));
}

const NO_ORGANISATIONS: ReadonlyMap<string, StoredSettings> = new Map();
const DEFAULT = undefined;
const RULE = { earnEvery: 7, cap: 2 };
const OTHER_RULE = { earnEvery: 5, cap: 1 };

describe('the target of a day', () => {
  const acme = (...changes: Parameters<typeof settingsOf>): ReadonlyMap<string, StoredSettings> =>
    new Map([['acme', settingsOf(...changes)]]);

  it('is the default without settings', () => {
    expect(targets(noSettings)).toEqual([DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT]);
  });

  it('counts from its first day on, and leaves the days before', () => {
    const user = settingsOf({ from: 1, dailyTargetSeconds: 60 }, { from: 3, dailyTargetSeconds: 90 });
    expect(targets(user)).toEqual([DEFAULT, 60_000, 60_000, 90_000, 90_000]);
  });

  it('is that of the latest change where an older one was meant for a later day', () => {
    const user = settingsOf({ from: 3, dailyTargetSeconds: 60 }, { from: 1, dailyTargetSeconds: 90 });
    expect(targets(user)).toEqual([DEFAULT, 90_000, 90_000, 90_000, 90_000]);
  });

  it('is the default again after null', () => {
    const user = settingsOf({ from: 0, dailyTargetSeconds: 60 }, { from: 2, dailyTargetSeconds: null });
    expect(targets(user)).toEqual([60_000, 60_000, DEFAULT, DEFAULT, DEFAULT]);
  });

  it('is that of the organisation while the user belongs to it and has none', () => {
    const user = settingsOf(
      { from: 1, organisationId: 'acme' },
      { from: 2, dailyTargetSeconds: 60 },
      { from: 3, dailyTargetSeconds: null },
      { from: 4, organisationId: null },
    );
    expect(targets(user, acme({ from: 0, dailyTargetSeconds: 120 }))).toEqual([
      DEFAULT,
      120_000,
      60_000,
      120_000,
      DEFAULT,
    ]);
    expect(targets(user)).toEqual([DEFAULT, DEFAULT, 60_000, DEFAULT, DEFAULT]);
  });

  it('follows the dates of the organisation', () => {
    const user = settingsOf({ from: 0, organisationId: 'acme' });
    const organisations = acme({ from: 1, dailyTargetSeconds: 120 }, { from: 3, dailyTargetSeconds: null });
    expect(targets(user, organisations)).toEqual([DEFAULT, 120_000, 120_000, DEFAULT, DEFAULT]);
  });

  it('is a number of check-ins for activity', () => {
    const { targetOn } = resolveSettings(settingsOf({ from: 1, dailyCheckInTarget: 3 }), NO_ORGANISATIONS);
    expect([0, 1].map((day) => targetOn('activity', day as LocalDay))).toEqual([DEFAULT, 3]);
    expect(targetOn('focus', 1 as LocalDay)).toBe(DEFAULT);
  });
});

describe('effective settings', () => {
  const bridgingOf = (user: StoredSettings, organisations = NO_ORGANISATIONS): Bridging | undefined =>
    resolveSettings(user, organisations).bridging;

  it('have the zone and the opt-out of the latest change, whatever day it was meant for', () => {
    const user = settingsOf(
      { from: 9, timezone: 'Asia/Tokyo', leaderboardOptOut: true },
      { from: 5, timezone: 'Europe/London' },
    );
    expect(resolveSettings(user, NO_ORGANISATIONS)).toMatchObject({ timezone: 'Europe/London', isUnlisted: true });
    const back = settingsOf({ from: 0, timezone: 'UTC', leaderboardOptOut: true }, { from: 0, timezone: null });
    expect(resolveSettings(back, NO_ORGANISATIONS)).toMatchObject({ timezone: null, isUnlisted: true });
    expect(resolveSettings(noSettings, NO_ORGANISATIONS)).toMatchObject({ timezone: null, isUnlisted: false });
  });

  it('have no bridging without a rule and without a pause', () => {
    expect(bridgingOf(noSettings)).toBeUndefined();
    expect(bridgingOf(settingsOf({ from: 1, freeze: null, pauses: [] }))).toBeUndefined();
    expect(bridgingOf(settingsOf({ from: 1, freeze: RULE }, { from: 1, freeze: null }))).toBeUndefined();
  });

  it('have freeze rules by date, without steps that change nothing', () => {
    const user = settingsOf(
      { from: 1, freeze: RULE },
      { from: 3, freeze: { ...RULE } },
      { from: 5, freeze: OTHER_RULE },
      { from: 7, freeze: null },
    );
    const freezes = [
      { from: 1, rule: RULE },
      { from: 5, rule: OTHER_RULE },
      { from: 7, rule: null },
    ];
    expect(bridgingOf(user)).toEqual({ freezes, pauses: [] });
  });

  it('have the freeze rule of the organisation, in whose change to an equal one nothing begins anew', () => {
    const organisations = new Map([
      ['one', settingsOf({ from: 0, freeze: RULE })],
      ['two', settingsOf({ from: 0, freeze: RULE }, { from: 8, freeze: OTHER_RULE })],
    ]);
    const user = settingsOf({ from: 2, organisationId: 'one' }, { from: 4, organisationId: 'two' });
    const freezes = [
      { from: 2, rule: RULE },
      { from: 8, rule: OTHER_RULE },
    ];
    expect(bridgingOf(user, organisations)).toEqual({ freezes, pauses: [] });
  });

  it('have the pauses of the latest change alone', () => {
    const pause = { first: 1 as LocalDay, last: 3 as LocalDay };
    const user = settingsOf(
      { from: 0, pauses: [{ first: 8 as LocalDay, last: 9 as LocalDay }] },
      { from: 0, pauses: [pause] },
    );
    expect(bridgingOf(user)).toEqual({ freezes: [], pauses: [pause] });
  });

  it('name each organisation that counts at some date', () => {
    const user = settingsOf(
      { from: 5, organisationId: 'never' },
      { from: 1, organisationId: 'two' },
      { from: 3, organisationId: 'one' },
      { from: 6, organisationId: null },
      { from: 8, organisationId: 'two' },
    );
    expect(organisationIdsOf(user)).toEqual(['one', 'two']);
    expect(organisationIdsOf(noSettings)).toEqual([]);
  });

  it('are those of a search through all changes, for every day, whatever the order and the erasure', () => {
    const anyOrganisation = arbitraryDistinctLog.map((log) => log.map(onlyShared));
    const erasure = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(arbitraryDistinctLog, anyOrganisation, anyOrganisation, erasure, (log, one, two, erasedAtMs) => {
        const logs = new Map([
          ['one', one],
          ['two', two],
        ]);
        const user = withoutRecordedUpTo(stored(log), erasedAtMs);
        const organisations = new Map([...logs].map(([id, changes]) => [id, stored(changes)]));
        const found = resolveSettings(user, organisations);
        const days = Array.from({ length: LAST_SETTINGS_TEST_DAY + 10 }, (_, index) => (index - 1) as LocalDay);
        expect({
          timezone: found.timezone,
          isUnlisted: found.isUnlisted,
          seconds: days.map((day) => (found.targetOn('focus', day) ?? Number.NaN) / 1000),
          checkIns: days.map((day) => found.targetOn('activity', day) ?? Number.NaN),
          rules: days.map((day) => ruleOn(found.bridging, day)),
          isPaused: days.map((day) => isPausedOn(found.bridging?.pauses, day)),
        }).toEqual({
          timezone: bruteForceSetting(log, erasedAtMs, 'timezone', 0),
          isUnlisted: bruteForceSetting(log, erasedAtMs, 'leaderboardOptOut', 0) ?? false,
          seconds: days.map((day) => bruteForceShared(log, erasedAtMs, logs, 'dailyTargetSeconds', day) ?? Number.NaN),
          checkIns: days.map((day) => bruteForceShared(log, erasedAtMs, logs, 'dailyCheckInTarget', day) ?? Number.NaN),
          rules: days.map((day) => bruteForceShared(log, erasedAtMs, logs, 'freeze', day)),
          isPaused: days.map((day) => isPausedOn(bruteForceSetting(log, erasedAtMs, 'pauses', 0), day)),
        });
        const memberOf = days.map((day) => bruteForceSetting(log, erasedAtMs, 'organisationId', day));
        expect(organisationIdsOf(user)).toEqual([...new Set(memberOf.filter((id) => id !== null))].sort());
        expectMinimal(found.bridging);
      }),
      { numRuns: 150 },
    );
  });

  function stored(log: readonly LoggedChange[]): StoredSettings {
    return log.reduce((all, { change, recordTimeMs }) => addChange(all, change, recordTimeMs), noSettings);
  }

  function onlyShared({ change, recordTimeMs }: LoggedChange): LoggedChange {
    const { timezone: _, organisationId: _id, pauses: _pauses, leaderboardOptOut: _optOut, ...shared } = change;
    return { change: shared, recordTimeMs };
  }

  function ruleOn(bridging: Bridging | undefined, day: number): object | null {
    return bridging?.freezes.findLast(({ from }) => from <= day)?.rule ?? null;
  }

  function isPausedOn(pauses: Bridging['pauses'] | null | undefined, day: number): boolean {
    return (pauses ?? []).some(({ first, last }) => first <= day && day <= last);
  }

  /** Steps differ from their neighbours, pauses do not touch, and there is none of both only where there is no bridging. */
  function expectMinimal(bridging: Bridging | undefined): void {
    if (bridging === undefined) return;
    const { freezes, pauses } = bridging;
    expect(freezes.length + pauses.length).toBeGreaterThan(0);
    const rules = [null, ...freezes.map(({ rule }) => rule)];
    for (const [index, { from }] of freezes.entries()) {
      expect(rules[index + 1]).not.toEqual(rules[index]);
      expect(from).toBeGreaterThan(freezes[index - 1]?.from ?? -1);
    }
    for (const [index, { first }] of pauses.entries()) {
      expect(first).toBeGreaterThan((pauses[index - 1]?.last ?? -9) + 1);
    }
  }
});
