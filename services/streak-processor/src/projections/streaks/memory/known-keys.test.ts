import { createKnownKeys, hashNumber, hashText } from './known-keys';

const hashOf = (text: string) => hashNumber(0, hashText(text));

describe('known keys', () => {
  it('tell the keys seen before from those that were not', () => {
    const known = createKnownKeys(1_024);
    known.beginBatch();
    expect(known.mayExist(hashOf('a'))).toBe(false);
    expect(known.mayExist(hashOf('b'))).toBe(false);
    expect(known.mayExist(hashOf('a'))).toBe(true);
  });

  it('keep a key until many others came after it, and find nearly all of the newest sixteenth of their size', () => {
    const known = createKnownKeys(4_096); // 16,384 slots
    const keys = Array.from({ length: 50_000 }, (_, index) => hashOf(`user-${index}`));
    for (const key of keys) known.mayExist(key);
    const found = keys.slice(-1_024).filter((key) => known.mayExist(key)).length;
    expect(found).toBeGreaterThanOrEqual(1_020);
  });

  it('hardly ever take a new key for a known one', () => {
    const known = createKnownKeys(4_096);
    const mistaken = Array.from({ length: 50_000 }, (_, index) => known.mayExist(hashOf(`user-${index}`))).filter(
      Boolean,
    );
    expect(mistaken.length).toBeLessThan(5);
  });

  it('believe in no absence for a while after a surprise, longer with each one', () => {
    const known = createKnownKeys(16);
    let fresh = 0;
    const believes = () => {
      known.beginBatch();
      fresh += 1;
      return !known.mayExist(hashOf(`new-${fresh}`));
    };
    const untilBelieved = () => {
      for (let batches = 0; ; batches += 1) if (believes()) return batches;
    };
    expect(believes()).toBe(true);
    const pauses = [1, 2, 3, 4].map(() => {
      known.surprised();
      return untilBelieved();
    });
    expect(pauses[0]).toBe(0);
    expect(pauses).toEqual(pauses.toSorted((one, other) => one - other));
    expect(pauses[3]).toBeGreaterThan(pauses[1] ?? 0);
  });
});
