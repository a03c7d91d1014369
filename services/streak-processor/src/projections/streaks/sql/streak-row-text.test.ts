import { parseStreakRow } from './streak-row-text';

const RUNS = [{ first: 20_458, length: 2 }];

describe('parseStreakRow', () => {
  it('reads a row of a user without settings', () => {
    expect(parseStreakRow('(0,1) 3 1767600000000 {[2026-01-05,2026-01-07)} Asia/Tokyo')).toEqual({
      row: '(0,1)',
      state: { runs: RUNS, timezone: 'Asia/Tokyo', version: 3, updatedAtMs: 1_767_600_000_000 },
    });
  });

  it('reads a row without a time zone, and what settings have added', () => {
    const bridging = { freezes: [{ from: 1, rule: { earnEvery: 2, cap: 1 } }], pauses: [] };
    expect(parseStreakRow(`(7,12) 2 0 {} - f ${JSON.stringify(bridging, null, 1).replaceAll('\n', '')}`).state).toEqual(
      {
        runs: [],
        timezone: null,
        version: 2,
        updatedAtMs: 0,
        bridging,
      },
    );
    expect(parseStreakRow('(7,12) 2 0 {} - t').state).toMatchObject({ isUnlisted: true });
  });
});
