import { ownedPartition } from '../testing/fixtures';
import { createBadShareWatch } from './bad-share';

describe('the share of bad records', () => {
  const watch = () => createBadShareWatch({ maxShare: 0.5, minRecords: 100 });

  it('means nothing before enough records were seen', () => {
    const isTooMany = watch();
    const owned = ownedPartition();
    expect(isTooMany(owned, 99, 99)).toBe(false);
    expect(isTooMany(owned, 1, 1)).toBe(true);
  });

  it('may be as large as allowed, and no larger', () => {
    expect(watch()(ownedPartition(), 100, 50)).toBe(false);
    expect(watch()(ownedPartition(), 100, 51)).toBe(true);
  });

  it('is of each partition alone, and of each claim anew', () => {
    const isTooMany = watch();
    isTooMany(ownedPartition(), 99, 99);
    expect(isTooMany(ownedPartition(), 1, 1)).toBe(false);
  });

  it('forgets a good past as records come: a topic gone bad is seen within a bounded number of them', () => {
    const isTooMany = watch();
    const owned = ownedPartition();
    for (let i = 0; i < 10_000; i++) isTooMany(owned, 100, 0);
    let bad = 0;
    while (!isTooMany(owned, 100, 100)) bad += 100;
    expect(bad).toBeLessThanOrEqual(2_000);
  });
});
