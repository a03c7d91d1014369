import fc from 'fast-check';
import type { BoardEntry } from './board-entry';
import { decodeMember, decodeStamp, encodeMember, encodeScore, encodeStamp, STAMP_LENGTH } from './board-value';

const instantMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const entry: BoardEntry = {
  userId: 'ada',
  qualifiedDays: 9,
  longestStreak: 5,
  latestStreak: 3,
  updatedAtMs: 1_763_700_000_007,
  expiresAtMs: 1_763_800_000_000,
};

describe('a stamp', () => {
  it('sorts by its bytes as instants do, and gives the instant back', () => {
    fc.assert(
      fc.property(instantMs, instantMs, (one, other) => {
        const [stamp, otherStamp] = [encodeStamp(one), encodeStamp(other)];
        expect(Math.sign(Buffer.compare(Buffer.from(stamp), Buffer.from(otherStamp)))).toBe(Math.sign(one - other));
        expect(stamp).toHaveLength(STAMP_LENGTH);
        expect(decodeStamp(stamp)).toBe(one);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [-1, 0],
    [2 ** 48, 2 ** 48 - 1],
    [Number.MAX_SAFE_INTEGER, 2 ** 48 - 1],
  ])('of %d is that of %d', (outside, kept) => {
    expect(encodeStamp(outside)).toBe(encodeStamp(kept));
  });
});

it('is a score that ranks days first and then the longest streak, exactly', () => {
  const days = fc.integer({ min: 1, max: 3_652_059 });
  const figures = fc.record({ qualifiedDays: days, longestStreak: days, latestStreak: days });
  fc.assert(
    fc.property(figures, figures, (one, other) => {
      for (const [board, primary] of [
        ['qualified', 'qualifiedDays'],
        ['current', 'latestStreak'],
      ] as const) {
        const score = Number(encodeScore(board, { ...entry, ...one }));
        const otherScore = Number(encodeScore(board, { ...entry, ...other }));
        expect(Number.isSafeInteger(score)).toBe(true);
        expect(Math.sign(score - otherScore)).toBe(
          Math.sign(other[primary] - one[primary] || other.longestStreak - one.longestStreak),
        );
      }
    }),
  );
});

describe('a member', () => {
  it('gives back what was encoded', () => {
    expect(decodeMember('ada', encodeMember(7, entry))).toEqual(entry);
  });

  it('of a user on no board has a version only', () => {
    expect(encodeMember(7, undefined)).toBe('7:');
    expect(decodeMember('ada', '7:')).toBeUndefined();
  });

  it.each(['', 'garbage', '7:-OGdpQ7-9,5,3', ':-OGdpQ7-9,5,3,4'])('%j is none', (value) => {
    expect(decodeMember('ada', value)).toBeUndefined();
  });
});
