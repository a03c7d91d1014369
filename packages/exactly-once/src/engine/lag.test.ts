import { ownedPartition } from '../testing/fixtures';
import { createLagTracker } from './lag';

describe('lag', () => {
  it('is 0 when nothing waits, however long ago that was, and when the log was truncated', () => {
    const lag = createLagTracker();
    const owned = ownedPartition({ appliedOffset: 10n, lastAppliedTimestampMs: 0 });
    lag.sawHighWatermark(0, 10n);
    expect([lag.records(owned), lag.seconds(owned, 3_600_000), lag.stillMs(owned, 3_600_000)]).toEqual([0n, 0, 0]);
    lag.sawHighWatermark(0, 5n);
    expect(lag.records(owned)).toBe(0n);
  });

  it('starts near 0 with the first record after an idle night, and does not jump to the age of the last one', () => {
    const lag = createLagTracker();
    const owned = ownedPartition({ appliedOffset: 10n, lastAppliedTimestampMs: 0, lastMovedMs: 0 });
    lag.sawHighWatermark(0, 10n);
    lag.seconds(owned, 36_000_000);
    lag.sawHighWatermark(0, 11n);
    expect(lag.seconds(owned, 36_000_500)).toBe(0.5);
    expect(lag.seconds(owned, 36_002_000)).toBe(2);
    expect(lag.stillMs(owned, 36_002_000)).toBe(1_500); // and not ten hours: nothing stands still yet
  });

  it('is the age of what is being applied while a backlog is worked off', () => {
    const lag = createLagTracker();
    const owned = ownedPartition();
    lag.sawHighWatermark(0, 100n);
    expect(lag.seconds(owned, 100_000)).toBe(0); // nothing is known of its age yet
    owned.appliedOffset = 50n;
    owned.lastAppliedTimestampMs = 40_000;
    expect(lag.seconds(owned, 101_000)).toBe(61);
    owned.appliedOffset = 100n;
    expect(lag.seconds(owned, 102_000)).toBe(0);
  });

  it('stands still only while nothing moves', () => {
    const lag = createLagTracker();
    const owned = ownedPartition();
    lag.sawHighWatermark(0, 100n);
    lag.stillMs(owned, 1_000);
    expect(lag.stillMs(owned, 31_000)).toBe(30_000);
    owned.lastMovedMs = 30_000;
    expect(lag.stillMs(owned, 31_000)).toBe(1_000);
  });
});
