import { driftOf, flatnessOf } from './flatness';
import { median, medianBy } from './median';
import { percentile } from './percentile';
import { describeRatio, ratioOf } from './ratio';

describe('the median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([30, 10, 20])).toBe(20);
  });

  it('of an even count is the lower of the two: one that was measured', () => {
    expect(median([40, 10, 30, 20])).toBe(20);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
    expect(() => medianBy([], () => 0)).toThrow('nothing was measured');
  });

  it('picks the run that has it', () => {
    expect(medianBy([{ rate: 3 }, { rate: 1 }, { rate: 2 }], ({ rate }) => rate)).toEqual({ rate: 2 });
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('is the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.95)).toBe(95);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
  });

  it('of few values is the greatest from the share on that it stands for', () => {
    expect(percentile([1, 2, 3], 0.99)).toBe(3);
    expect(percentile([7], 0)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('a ratio', () => {
  it('needs both figures of one run', () => {
    expect(ratioOf('a', 'b', { ours: 70, theirs: 100, target: 0.7 })?.value).toBeCloseTo(0.7);
    expect(ratioOf('a', 'b', { ours: undefined, theirs: 100 })).toBeUndefined();
    expect(ratioOf('a', 'b', { ours: 1, theirs: 0 })).toBeUndefined();
  });

  it('says whether what was asked for is reached', () => {
    expect(describeRatio({ what: 'a', baseline: 'b', value: 0.71, target: 0.7 })).toBe(
      '0.71 (asked for: 0.7; reached)',
    );
    expect(describeRatio({ what: 'a', baseline: 'b', value: 0.69, target: 0.7 })).toBe('0.69 (asked for: 0.7; missed)');
    expect(describeRatio({ what: 'a', baseline: 'b', value: 2.345 })).toBe('2.35');
  });
});

describe('flatness', () => {
  it('is the distance of the smallest from the greatest', () => {
    expect(flatnessOf([100, 90, 95]).spread).toBeCloseTo(0.1);
    expect(flatnessOf([100, 90, 95]).isFlat).toBe(true);
    expect(flatnessOf([100, 84]).isFlat).toBe(false);
  });

  it('of nothing is not flat', () => {
    expect(flatnessOf([]).isFlat).toBe(false);
  });

  it('over time compares the last third with the first, without the start', () => {
    const warmUp = [1_000, 1_000];
    const steady = Array.from({ length: 18 }, () => 100);
    expect(driftOf([...warmUp, ...steady])).toEqual({ share: 0, isFlat: true });
    const growing = steady.map((value, index) => value + index * 3);
    expect(driftOf([...warmUp, ...growing]).isFlat).toBe(false);
  });

  it('over time lets memory shrink', () => {
    const shrinking = Array.from({ length: 30 }, (_, index) => 300 - index * 5);
    expect(driftOf(shrinking).isFlat).toBe(true);
  });
});
