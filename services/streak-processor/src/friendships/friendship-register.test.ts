import fc from 'fast-check';
import {
  addFriendshipChange,
  type Friendship,
  type FriendshipChange,
  withoutRecordedUpTo,
} from './friendship-register';

const change = fc.record({
  isFriend: fc.boolean(),
  changedAtMs: fc.integer({ min: 0, max: 4 }),
  recordTimeMs: fc.integer({ min: 0, max: 4 }),
});
const fold = (changes: readonly FriendshipChange[], from: Friendship = []) => changes.reduce(addFriendshipChange, from);
const isFriend = (pair: Friendship) => pair[0]?.isFriend ?? false;

/** The rule in one line each: of what was recorded later than the erasure, the latest change; a removal before an addition. */
function expected(changes: readonly FriendshipChange[], erasedMs: number): boolean {
  const left = changes.filter(({ recordTimeMs }) => recordTimeMs > erasedMs);
  const latestMs = Math.max(...left.map(({ changedAtMs }) => changedAtMs));
  const latest = left.filter(({ changedAtMs }) => changedAtMs === latestMs);
  return latest.length > 0 && latest.every((one) => one.isFriend);
}

describe('the register of a friendship', () => {
  it('is the same whatever the order of the changes and however often each came', () => {
    const shuffled = fc
      .array(change, { maxLength: 8 })
      .chain((changes) =>
        fc.tuple(
          fc.constant(changes),
          fc.shuffledSubarray([...changes, ...changes], { minLength: changes.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([changes, again]) => {
        expect(fold(again)).toEqual(fold(changes));
      }),
    );
  });

  it('is what the later records alone make of it after an erasure, whenever the erasure is met', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 8 }),
        fc.nat({ max: 8 }),
        fc.nat({ max: 4 }),
        (changes, met, erasedMs) => {
          const before = withoutRecordedUpTo(fold(changes.slice(0, met)), erasedMs);
          const later = changes.slice(met).filter(({ recordTimeMs }) => recordTimeMs > erasedMs);
          const pair = fold(later, before);
          expect(pair).toEqual(withoutRecordedUpTo(fold(changes), erasedMs));
          expect(isFriend(pair)).toBe(expected(changes, erasedMs));
        },
      ),
    );
  });

  it('tells by its identity that nothing is new', () => {
    const pair = fold([{ isFriend: true, changedAtMs: 2, recordTimeMs: 3 }]);
    expect(addFriendshipChange(pair, { isFriend: true, changedAtMs: 2, recordTimeMs: 3 })).toBe(pair);
    expect(addFriendshipChange(pair, { isFriend: false, changedAtMs: 1, recordTimeMs: 2 })).toBe(pair);
    expect(withoutRecordedUpTo(pair, 2)).toBe(pair);
  });
});
