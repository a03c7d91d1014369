import fc from 'fast-check';
import type { LocalDay } from '../calendar/local-day';
import { arbitraryLog } from '../reference-model/arbitrary-settings';
import type { LoggedChange } from '../reference-model/brute-force-settings';
import type { SettingsChange } from './settings-change';
import { addChange, noSettings, type StoredSettings, withoutRecordedUpTo } from './stored-settings';

function change(
  changeId: string,
  changedAtMs: number,
  effectiveFrom: number,
  settings: Partial<SettingsChange>,
): SettingsChange {
  return { changeId, changedAtMs, effectiveFrom: effectiveFrom as LocalDay, ...settings };
}

function storedOf(log: readonly LoggedChange[], before = noSettings): StoredSettings {
  return log.reduce((stored, { change: one, recordTimeMs }) => addChange(stored, one, recordTimeMs), before);
}

function shuffled<Item>(items: readonly Item[]): fc.Arbitrary<readonly Item[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

describe('stored settings', () => {
  const target = (seconds: number): Partial<SettingsChange> => ({ dailyTargetSeconds: seconds });

  it('hold what a change says, and nothing of what it does not say', () => {
    const stored = addChange(noSettings, change('a', 5, 10, { timezone: 'UTC', freeze: null }), 7);
    const entry = { from: 10, changedAtMs: 5, changeId: 'a', recordTimeMs: 7 };
    expect(stored).toEqual({ timezone: [{ ...entry, value: 'UTC' }], freeze: [{ ...entry, value: null }] });
    expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
  });

  it('are the same object where a change tells nothing new, and never mutated', () => {
    const stored = addChange(noSettings, change('b', 5, 10, target(60)), 7);
    const before = structuredClone(stored);
    expect(addChange(stored, change('b', 5, 10, target(60)), 7)).toBe(stored);
    expect(addChange(stored, change('a', 5, 12, target(90)), 7)).toBe(stored);
    expect(addChange(stored, change('c', 6, 12, {}), 8)).toBe(stored);
    expect(withoutRecordedUpTo(stored, 6)).toBe(stored);
    addChange(stored, change('c', 6, 9, target(90)), 8);
    withoutRecordedUpTo(stored, 7);
    expect(stored).toEqual(before);
  });

  it('know a repeat of what jsonb gave back with the members of its objects in another order', () => {
    const day = (number: number) => number as LocalDay;
    const both = { freeze: { earnEvery: 7, cap: 2 }, pauses: [{ first: day(3), last: day(5) }] };
    const stored = addChange(noSettings, change('a', 5, 10, both), 7);
    const asJsonb = JSON.parse(
      JSON.stringify(stored)
        .replace('"earnEvery":7,"cap":2', '"cap":2,"earnEvery":7')
        .replace('"first":3,"last":5', '"last":5,"first":3'),
    ) as StoredSettings;
    expect(JSON.stringify(asJsonb)).not.toBe(JSON.stringify(stored));
    expect(addChange(asJsonb, change('a', 5, 10, both), 7)).toBe(asJsonb);
  });

  const ids = (stored: StoredSettings): string[] => (stored.dailyTargetSeconds ?? []).map(({ changeId }) => changeId);

  test.each<[string, [string, number, number, number][], string[]]>([
    // id, changed at, effective from, recorded at → the ids that are kept
    [
      'a later change for the same days on replaces',
      [
        ['a', 1, 10, 1],
        ['b', 2, 10, 2],
      ],
      ['b'],
    ],
    [
      'a later change for earlier days on replaces',
      [
        ['a', 1, 10, 1],
        ['b', 2, 9, 2],
      ],
      ['b'],
    ],
    [
      'a later change for later days on leaves the days before',
      [
        ['a', 1, 10, 1],
        ['b', 2, 11, 2],
      ],
      ['a', 'b'],
    ],
    [
      'an earlier change for earlier days on is kept for them',
      [
        ['b', 2, 11, 1],
        ['a', 1, 10, 2],
      ],
      ['a', 'b'],
    ],
    [
      'of one instant the greater id is the later',
      [
        ['b', 1, 10, 1],
        ['a', 1, 10, 1],
      ],
      ['b'],
    ],
    [
      'what was recorded later than its replacement is kept, for an erasure',
      [
        ['b', 2, 10, 1],
        ['a', 1, 10, 2],
      ],
      ['a', 'b'],
    ],
    [
      'a repeat is kept by its later record',
      [
        ['a', 1, 10, 1],
        ['a', 1, 10, 3],
        ['a', 1, 10, 2],
      ],
      ['a'],
    ],
  ])('%s', (_, log, expected) => {
    const stored = storedOf(
      log.map(([id, at, from, recordTimeMs]) => ({ change: change(id, at, from, target(60)), recordTimeMs })),
    );
    expect(ids(stored)).toEqual(expected);
  });

  it('are the same whichever of two changes with one id and instant comes first', () => {
    const log = [60, 90].map((seconds) => ({ change: change('a', 1, 10, target(seconds)), recordTimeMs: 1 }));
    expect(storedOf(log.toReversed())).toEqual(storedOf(log));
    expect(storedOf(log).dailyTargetSeconds).toHaveLength(1);
  });

  it('do not grow by changes for the same day', () => {
    const log = Array.from({ length: 1000 }, (_, at) => ({
      change: change(`${at}`, at, 10, { ...target(at + 1), timezone: 'UTC' }),
      recordTimeMs: at,
    }));
    expect(storedOf(log)).toEqual(storedOf(log.slice(-1)));
  });

  it('do not grow by changes of what has no date, whatever date they have', () => {
    const pauses = [{ first: 1 as LocalDay, last: 2 as LocalDay }];
    const log = Array.from({ length: 100 }, (_, at) => ({
      change: change(`${at}`, at, at, { timezone: 'UTC', pauses, leaderboardOptOut: true }),
      recordTimeMs: at,
    }));
    expect(storedOf(log)).toEqual(storedOf(log.slice(-1)));
  });

  it('keep pauses ascending, apart and without what does not belong there', () => {
    const pauses = [
      { last: 12, first: 10, note: 'ski' },
      { first: 1, last: 3 },
      { first: 4, last: 4 },
      { first: 2, last: 2 },
      { first: 11, last: 20 },
    ] as unknown as SettingsChange['pauses'];
    const stored = addChange(noSettings, change('a', 1, 1, { pauses: pauses ?? null }), 1);
    expect(JSON.stringify(stored.pauses?.[0]?.value)).toBe('[{"first":1,"last":4},{"first":10,"last":20}]');
  });

  it('are the same whatever the order and the repeats of the changes, also of two with one id', () => {
    const orders = arbitraryLog(fc.constantFrom('a', 'b')).chain((log) =>
      fc.tuple(
        fc.constant(log),
        fc.subarray([...log]).chain((again) => shuffled([...log, ...again])),
      ),
    );
    fc.assert(
      fc.property(orders, ([log, otherOrder]) => {
        const stored = storedOf(log);
        expect(storedOf(otherOrder)).toEqual(stored);
        for (const { change: one, recordTimeMs } of log) {
          expect(addChange(stored, one, recordTimeMs)).toBe(stored);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('forget by an erasure whatever was recorded up to it, whenever that comes', () => {
    const erasure = fc.integer({ min: 0, max: 10 });
    const cases = arbitraryLog(fc.constantFrom('a', 'b')).chain((log) =>
      fc.tuple(fc.constant(log), shuffled(log), fc.integer({ min: 0, max: log.length }), erasure, erasure),
    );
    fc.assert(
      fc.property(cases, ([log, order, erasedAfter, erasedAtMs, earlierMs]) => {
        const survivors = (some: readonly LoggedChange[]): readonly LoggedChange[] =>
          some.filter(({ recordTimeMs }) => recordTimeMs > erasedAtMs);
        const expected = storedOf(survivors(log));
        // Before the erasure came all are added; after it only those that it spares.
        const atErasure = withoutRecordedUpTo(storedOf(order.slice(0, erasedAfter)), erasedAtMs);
        expect(storedOf(survivors(order.slice(erasedAfter)), atErasure)).toEqual(expected);
        const twice = withoutRecordedUpTo(
          withoutRecordedUpTo(storedOf(log), erasedAtMs),
          Math.min(earlierMs, erasedAtMs),
        );
        expect(twice).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
