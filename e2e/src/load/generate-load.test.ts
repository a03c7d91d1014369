import { generateLoad } from './generate-load';

const options = { records: 20_000, users: 2_000, days: 14, duplicateShare: 0.03, lateShare: 0.05, seed: 7 };

describe('generateLoad', () => {
  it('has the shares of duplicates and late sessions asked for', () => {
    const { records, duplicates, late } = generateLoad(options);
    expect(records).toHaveLength(20_000);
    expect(duplicates).toBe(600);
    expect(new Set(records.map(({ sessionId }) => sessionId)).size).toBe(19_400);
    expect(late / 20_000).toBeCloseTo(0.05, 2);
  });

  it('gives the same load for the same seed', () => {
    expect(generateLoad(options)).toEqual(generateLoad(options));
  });
});
