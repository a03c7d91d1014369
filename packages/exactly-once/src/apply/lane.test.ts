import { batchOf, ownedPartition, settled } from '../testing/fixtures';
import { createLane, type LaneOptions } from './lane';
import type { PartitionBatch } from './partition-batch';

function createTrial(overrides: Partial<LaneOptions<bigint>> = {}) {
  const transactions: (readonly PartitionBatch<bigint>[])[] = [];
  const finish: (() => void)[] = [];
  const fatal: unknown[] = [];
  const lane = createLane<bigint>({
    apply: (batches) => {
      transactions.push(batches);
      return new Promise((resolve) => finish.push(resolve));
    },
    maxBatchRecords: 4,
    maxQueuedRecords: 3,
    onApplied: () => undefined,
    onFatal: (error) => fatal.push(error),
    nowMs: () => 0,
    ...overrides,
  });
  const finishOne = async () => {
    finish.shift()?.();
    await settled();
  };
  const sizes = () =>
    transactions.map((batches) => batches.map((batch) => batch.events.map(({ event }) => Number(event))));
  return { lane, transactions, finishOne, fatal, sizes };
}

describe('a lane', () => {
  it('merges what waits into one transaction, up to its size, one batch for each partition', async () => {
    const { lane, finishOne, sizes } = createTrial();
    const [one, two] = [ownedPartition({ partition: 1 }), ownedPartition({ partition: 2 })];
    lane.enqueue(batchOf(two, [0n]));
    lane.enqueue(batchOf(two, [1n]));
    lane.enqueue(batchOf(one, [0n, 1n]));
    lane.enqueue(batchOf(two, [2n]));
    lane.enqueue(batchOf(two, [3n, 4n]));
    await finishOne();
    expect(sizes()).toEqual([
      [[0]],
      [
        [0, 1],
        [1, 2],
      ],
    ]);
    await finishOne();
    await finishOne();
    expect(sizes().at(-1)).toEqual([[3, 4]]);
    expect([one.pendingRecords, two.pendingRecords, lane.queuedRecords, lane.isBusy]).toEqual([0, 0, 0, false]);
  });

  it('waits a moment for others when few wait', async () => {
    let gathered: () => void = () => undefined;
    const gather = () => new Promise<void>((resolve) => (gathered = resolve));
    const { lane, finishOne, sizes } = createTrial({ gather, maxBatchRecords: 40 });
    const one = ownedPartition({ partition: 1 });
    lane.enqueue(batchOf(one, [0n]));
    await settled();
    lane.enqueue(batchOf(one, [1n]));
    expect(sizes()).toEqual([]);
    gathered();
    await settled();
    expect(sizes()).toEqual([[[0, 1]]]);
    lane.enqueue(batchOf(one, [2n, 3n])); // as many as are worth a transaction
    await finishOne();
    expect(sizes().at(-1)).toEqual([[2, 3]]);
  });

  it('takes nothing that it waited for once it is closed', async () => {
    let gathered: () => void = () => undefined;
    const { lane, sizes } = createTrial({
      gather: () => new Promise<void>((resolve) => (gathered = resolve)),
      maxBatchRecords: 40,
    });
    lane.enqueue(batchOf(ownedPartition(), [0n]));
    const closed = lane.close();
    gathered();
    await closed;
    expect(sizes()).toEqual([]);
  });

  it('takes a batch larger than a transaction alone', async () => {
    const { lane, sizes } = createTrial();
    lane.enqueue(batchOf(ownedPartition(), [0n, 1n, 2n, 3n, 4n, 5n]));
    expect(sizes()).toEqual([[[0, 1, 2, 3, 4, 5]]]);
  });

  it('is full past its bound, and wakes who waits when it takes', async () => {
    const { lane, finishOne } = createTrial();
    const owned = ownedPartition();
    lane.enqueue(batchOf(owned, [0n]));
    lane.enqueue(batchOf(owned, [1n, 2n, 3n]));
    expect(lane.isFull).toBe(true);
    let hasRoom = false;
    const room = lane.hasRoom().then(() => {
      hasRoom = true;
    });
    await settled();
    expect(hasRoom).toBe(false);
    await finishOne();
    await room;
    expect(lane.isFull).toBe(false);
  });

  it('drops what is no longer ours, and counts it as done', async () => {
    const { lane, finishOne, sizes } = createTrial();
    const [kept, lost] = [ownedPartition({ partition: 1 }), ownedPartition({ partition: 2 })];
    lane.enqueue(batchOf(kept, [0n]));
    lane.enqueue(batchOf(lost, [0n]));
    lane.enqueue(batchOf(kept, [1n]));
    lost.isCurrent = false;
    await finishOne();
    await finishOne();
    expect(sizes()).toEqual([[[0]], [[1]]]);
    expect([lost.pendingRecords, lane.queuedRecords, lane.isBusy]).toEqual([0, 0, false]);
  });

  it('goes on when all that waited was dropped', async () => {
    const { lane, finishOne, sizes } = createTrial();
    const [kept, lost] = [ownedPartition({ partition: 1 }), ownedPartition({ partition: 2 })];
    lane.enqueue(batchOf(kept, [0n]));
    lane.enqueue(batchOf(lost, [0n]));
    lost.isCurrent = false;
    await finishOne();
    lane.enqueue(batchOf(kept, [1n]));
    expect(sizes()).toEqual([[[0]], [[1]]]);
  });

  it('stops for good on a bug, says so once, and holds nobody up', async () => {
    const bug = new Error('bug');
    const fatal: unknown[] = [];
    const { lane } = createTrial({ apply: () => Promise.reject(bug), onFatal: (error) => fatal.push(error) });
    const owned = ownedPartition();
    lane.enqueue(batchOf(owned, [0n, 1n, 2n, 3n]));
    await settled();
    lane.enqueue(batchOf(owned, [4n]));
    await lane.hasRoom();
    await lane.close();
    expect([fatal, owned.appliedOffset]).toEqual([[bug], 0n]);
  });

  it('ends after the transaction at hand and drops what waits', async () => {
    const { lane, finishOne, sizes } = createTrial();
    const owned = ownedPartition();
    lane.enqueue(batchOf(owned, [0n]));
    lane.enqueue(batchOf(owned, [1n]));
    let isClosed = false;
    const closing = lane.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    await finishOne();
    await closing;
    expect(sizes()).toEqual([[[0]]]);
  });
});
