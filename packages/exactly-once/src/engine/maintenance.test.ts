import { Registry } from 'prom-client';
import type { PartitionBatch } from '../apply/partition-batch';
import type { OwnedPartition } from '../assignment/owned-partition';
import { defaultTuning } from '../engine-options';
import { createEngineMetrics } from '../metrics';
import { ownedPartition, settled } from '../testing/fixtures';
import { createLagTracker } from './lag';
import { type Maintenance, startMaintenance } from './maintenance';

const CHECK_MS = 500;

describe('maintenance', () => {
  const lag = createLagTracker();
  let owned: OwnedPartition;
  let nowMs: number;
  let maintenance: Maintenance;
  let enqueued: PartitionBatch<unknown>[];
  let mirrored: { partition: number; offset: bigint }[][];
  let topicId: string;
  let isKafkaAway: boolean;
  let reclaimed: OwnedPartition[];
  let halts: string[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    [nowMs, enqueued, mirrored, reclaimed, halts] = [0, [], [], [], []];
    owned = ownedPartition();
    topicId = owned.topicId;
    isKafkaAway = false;
    lag.sawHighWatermark(0, 0n);
    maintenance = startMaintenance<unknown>({
      topic: 'events',
      assignment: {
        states: () => new Map([[0, { kind: 'active', owned }]]),
        reclaim: (partition: OwnedPartition) => {
          reclaimed.push(partition);
          owned = ownedPartition({ lastMovedMs: nowMs }); // claimed anew, at the same offset
        },
        halt: (_: OwnedPartition, reason: string) => halts.push(reason),
        resumeCleared: async () => undefined,
      } as never,
      lag,
      log: {
        readWatermarks: () => (isKafkaAway ? new Promise(() => undefined) : Promise.resolve(new Map())),
        readTopicId: async () => topicId,
      } as never,
      laneOf: () => ({ enqueue: (batch: PartitionBatch<unknown>) => enqueued.push(batch) }) as never,
      tuning: { ...defaultTuning, checkEveryMs: CHECK_MS },
      metrics: createEngineMetrics(new Registry(), 'test'),
      nowMs: () => nowMs,
      isInHand: () => false,
      onStall: () => undefined,
      mirror: async (offsets) => {
        mirrored.push([...offsets]);
        if (isKafkaAway) throw new Error('away');
      },
      onError: () => undefined,
    });
  });
  afterEach(() => {
    void maintenance.stop();
    jest.useRealTimers();
  });
  const pass = async (ms: number) => {
    for (let i = 0; i < ms / CHECK_MS; i++) {
      nowMs += CHECK_MS;
      jest.advanceTimersByTime(CHECK_MS);
      await settled();
    }
  };

  it('writes offsets skipped without a record once it is idle, once, and not before what is queued', async () => {
    owned.fetchCursor = 7n;
    owned.pendingRecords = 1;
    await pass(3_000);
    expect(enqueued).toEqual([]);
    owned.pendingRecords = 0;
    await pass(60_000); // Postgres is away: nothing is taken
    expect(enqueued.map((batch) => [batch.events.length, batch.nextOffset])).toEqual([[0, 7n]]);
    owned.fetchCursor = 9n;
    await pass(2_000);
    expect(enqueued.map((batch) => batch.nextOffset)).toEqual([7n, 9n]);
  });

  it('does so while Kafka does not answer', async () => {
    isKafkaAway = true;
    await pass(12_000); // the look at the topic hangs from here on
    owned.fetchCursor = 7n;
    await pass(2_000);
    expect(enqueued).toHaveLength(1);
  });

  it('mirrors a position again that could not be mirrored, and no other', async () => {
    isKafkaAway = true;
    owned.appliedOffset = 5n;
    await pass(1_000);
    isKafkaAway = false;
    await pass(5_000);
    expect(mirrored.length).toBe(3);
    expect(mirrored.at(-1)).toEqual([{ partition: 0, offset: 5n }]);
  });

  it('halts when the topic was recreated under us', async () => {
    topicId = 'another';
    await pass(defaultTuning.topicCheckEveryMs + CHECK_MS);
    expect(halts).toContain('TOPIC_RECREATED');
  });

  it('claims a partition anew that stands still behind the log, and not before its time', async () => {
    await pass(3_600_000 / 60);
    lag.sawHighWatermark(0, 1n); // the first record after an idle time: an old last move is no stall
    await pass(5_000);
    expect(reclaimed).toEqual([]);
    await pass(defaultTuning.stallMs);
    expect([reclaimed.length, maintenance.findStall()]).toEqual([1, undefined]);
    await pass(defaultTuning.stallMs * 2);
    expect(reclaimed).toHaveLength(1);
    expect(maintenance.findStall()).toMatch(/partition 0 has lag/); // now the consumer is in doubt
    owned.appliedOffset = 1n;
    expect(maintenance.findStall()).toBeUndefined();
  });
});
