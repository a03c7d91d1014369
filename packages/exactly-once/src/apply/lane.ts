import type { ApplyReliably } from './apply-reliably';
import { mergeByPartition, type PartitionBatch, recordCount } from './partition-batch';

export interface LaneOptions<Event> {
  readonly apply: ApplyReliably<Event>;
  /** Records of one transaction. */
  readonly maxBatchRecords: number;
  /** Records that may wait while a transaction runs: what bounds the memory. */
  readonly maxQueuedRecords: number;
  /** Waits a moment for more records to share a transaction, when few wait; the cost of one hardly depends on their number. */
  readonly gather?: () => Promise<void>;
  /** A transaction, or what became of it, took this long. */
  readonly onApplied: (seconds: number) => void;
  /** A bug: the lane has stopped and the process must end. */
  readonly onFatal: (error: unknown) => void;
  readonly nowMs: () => number;
}

/** One connection's worth of work: takes what waits, merges it into one transaction, and takes again. */
export interface Lane<Event> {
  /** Resolves when there is room. The caller enqueues at once after it. */
  hasRoom(): Promise<void>;
  enqueue(batch: PartitionBatch<Event>): void;
  readonly queuedRecords: number;
  readonly isFull: boolean;
  readonly isBusy: boolean;
  /** Since the batches at hand were taken; 0 when there are none. */
  waitingMs(): number;
  /** Ends after the transaction at hand; what waits is dropped (it will be read again from its offset). */
  close(): Promise<void>;
}

/** Share of a transaction's records. */
const FEW = 0.05;

export function createLane<Event>(options: LaneOptions<Event>): Lane<Event> {
  const queue: PartitionBatch<Event>[] = [];
  let queuedRecords = 0;
  let isClosed = false;
  let running: Promise<void> | undefined;
  let takenAtMs: number | undefined;
  const waiting: (() => void)[] = [];

  const take = (): PartitionBatch<Event>[] => {
    const taken: PartitionBatch<Event>[] = [];
    let records = 0;
    while (queue[0] && (taken.length === 0 || records + recordCount(queue[0]) <= options.maxBatchRecords)) {
      const batch = queue.shift() as PartitionBatch<Event>;
      queuedRecords -= recordCount(batch);
      if (!batch.owned.isCurrent) {
        batch.owned.pendingRecords -= recordCount(batch);
        continue;
      }
      records += recordCount(batch);
      taken.push(batch);
    }
    return taken;
  };

  const drain = async (): Promise<void> => {
    while (!isClosed && queue.length > 0) {
      if (options.gather && queuedRecords < options.maxBatchRecords * FEW) await options.gather();
      const taken = isClosed ? [] : take();
      for (const resolve of waiting.splice(0)) resolve();
      if (taken.length === 0) continue;
      const startedMs = options.nowMs();
      const batches = mergeByPartition(taken);
      takenAtMs = startedMs;
      await options.apply(batches);
      takenAtMs = undefined;
      for (const batch of batches) {
        batch.owned.pendingRecords -= recordCount(batch);
        batch.owned.lastMovedMs = options.nowMs();
      }
      options.onApplied((options.nowMs() - startedMs) / 1000);
    }
  };

  const run = (): void => {
    if (running || isClosed) return;
    running = drain()
      .catch((error: unknown) => {
        isClosed = true;
        options.onFatal(error);
      })
      .finally(() => {
        running = undefined;
        if (queue.length > 0) run();
      });
  };

  const isFull = () => !isClosed && queuedRecords >= options.maxQueuedRecords;

  return {
    async hasRoom() {
      while (isFull()) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    enqueue(batch) {
      if (isClosed) return;
      queue.push(batch);
      queuedRecords += recordCount(batch);
      batch.owned.pendingRecords += recordCount(batch);
      run();
    },
    get queuedRecords() {
      return queuedRecords;
    },
    get isFull() {
      return isFull();
    },
    get isBusy() {
      return running !== undefined;
    },
    waitingMs: () => (takenAtMs === undefined ? 0 : options.nowMs() - takenAtMs),
    async close() {
      isClosed = true;
      for (const resolve of waiting.splice(0)) resolve();
      await running;
    },
  };
}
