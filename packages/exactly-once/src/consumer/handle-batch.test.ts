import type { Lane } from '../apply/lane';
import type { PartitionBatch } from '../apply/partition-batch';
import type { OwnedPartition } from '../assignment/owned-partition';
import type { SourceRecord } from '../projection';
import { ownedPartition, settled } from '../testing/fixtures';
import { type HandleBatchPorts, handleBatch } from './handle-batch';
import type { ReadableBatch } from './read-batch';

type Event = string;

/** What a fetch gave: values at offsets, and how far it reached. */
const fetched = (
  fetchedOffset: bigint,
  values: Readonly<Record<string, string>>,
  options: { readonly lastOffset?: bigint; readonly decodeError?: Error } = {},
): ReadableBatch => {
  const messages = Object.entries(values).map(([offset, value]) => ({
    offset,
    timestamp: '5',
    key: null,
    value: Buffer.from(value),
    headers: {},
    attributes: 0,
  }));
  const last = options.lastOffset ?? BigInt(messages.at(-1)?.offset ?? fetchedOffset - 1n);
  const batch = {
    topic: 'events',
    partition: 0,
    highWatermark: '100',
    messages,
    fetchedOffset: fetchedOffset.toString(),
    lastOffset: () => last.toString(),
    ...(options.decodeError ? { decodeError: options.decodeError } : {}),
  };
  return batch as unknown as ReadableBatch;
};

interface Trial {
  readonly owned: OwnedPartition;
  readonly ports: HandleBatchPorts<Event>;
  readonly enqueued: PartitionBatch<Event>[];
  readonly seeks: bigint[];
  readonly halts: string[];
  reclaims: number;
  waits: number;
  isFull: boolean;
  giveRoom(): void;
  decode: (records: readonly SourceRecord[]) => ReturnType<HandleBatchPorts<Event>['decode']>;
}

function createTrial(overrides: Partial<OwnedPartition> = {}): Trial {
  const owned = ownedPartition(overrides);
  let giveRoom: () => void = () => undefined;
  const room = new Promise<void>((resolve) => {
    giveRoom = resolve;
  });
  const trial: Trial = {
    owned,
    enqueued: [],
    seeks: [],
    halts: [],
    reclaims: 0,
    waits: 0,
    isFull: false,
    giveRoom: () => giveRoom(),
    decode: async (records) =>
      records.map(({ value }) =>
        String(value) === 'bad'
          ? { kind: 'rejected', rejection: { reason: 'BAD', detail: '' } }
          : { kind: 'event', event: String(value) },
      ),
    ports: {
      active: () => (owned.isCurrent ? owned : undefined),
      laneOf: () =>
        ({
          hasRoom: () => room,
          get isFull() {
            return trial.isFull;
          },
          enqueue: (batch: PartitionBatch<Event>) => trial.enqueued.push(batch),
        }) as unknown as Lane<Event>,
      decode: (records) => trial.decode(records),
      seek: (_, offset) => trial.seeks.push(offset),
      reclaim: () => {
        trial.reclaims++;
      },
      halt: (_, reason) => {
        trial.halts.push(reason);
        owned.isCurrent = false;
      },
      hasTooManyBad: (_, records, bad) => bad === records && records > 1,
      wait: async () => {
        trial.waits++;
        await settled();
      },
      onDecodeFailed: () => undefined,
      onRefused: () => undefined,
      maxBatchRecords: 3,
    },
  };
  return trial;
}

const never = () => false;

describe('a fetched batch', () => {
  it('goes to the lane in slices that end where the next begins; the last one covers the skipped tail', async () => {
    const { owned, ports, enqueued } = createTrial({ fetchCursor: 10n, appliedOffset: 10n });
    const batch = fetched(10n, { 10: 'a', 11: 'bad', 13: 'c', 17: 'd', 18: 'e' }, { lastOffset: 20n });
    expect(await handleBatch(batch, ports, never)).toBe(20n);
    expect(enqueued.map(({ events, rejected, nextOffset }) => [events.length, rejected.length, nextOffset])).toEqual([
      [2, 1, 17n],
      [2, 0, 21n],
    ]);
    expect(owned.fetchCursor).toBe(21n);
  });

  it('of a partition that is not ours is left alone', async () => {
    const { ports, enqueued, owned } = createTrial({ isCurrent: false });
    expect(await handleBatch(fetched(0n, { 0: 'a' }), ports, never)).toBeUndefined();
    expect(enqueued).toEqual([]);
    expect(owned.fetchCursor).toBe(0n);
  });

  it('from another position is refused: first back to ours, then the partition is claimed anew', async () => {
    const trial = createTrial({ fetchCursor: 7n, appliedOffset: 5n });
    expect(await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never)).toBeUndefined();
    expect([trial.seeks, trial.reclaims]).toEqual([[7n], 0]);
    expect(await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never)).toBeUndefined();
    expect([trial.seeks, trial.reclaims]).toEqual([[7n], 1]);
    expect(trial.enqueued).toEqual([]);
  });

  it('at the right position forgives an earlier refusal', async () => {
    const trial = createTrial();
    await handleBatch(fetched(5n, { 5: 'x' }), trial.ports, never);
    await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never);
    await handleBatch(fetched(5n, { 5: 'x' }), trial.ports, never);
    expect(trial.reclaims).toBe(0);
  });

  it('that cannot be read at all halts its partition', async () => {
    const { ports, halts, enqueued } = createTrial();
    expect(await handleBatch(fetched(0n, {}, { decodeError: new Error('zip') }), ports, never)).toBeUndefined();
    expect(halts).toEqual(['UNREADABLE_BATCH']);
    expect(enqueued).toEqual([]);
  });

  it('that can be read up to a point is applied up to there, and no further', async () => {
    const { ports, owned, halts, enqueued } = createTrial();
    const batch = fetched(0n, { 0: 'a', 1: 'b' }, { decodeError: new Error('zip'), lastOffset: 9n });
    expect(await handleBatch(batch, ports, never)).toBe(1n);
    expect(enqueued.map((b) => b.nextOffset)).toEqual([2n]);
    expect([owned.fetchCursor, halts]).toEqual([2n, []]);
  });

  it('waits for a registry that is away, and asks again until it answers', async () => {
    const trial = createTrial();
    const decode = trial.decode;
    let failures = 0;
    trial.decode = async (records) => {
      if (failures++ < 3) throw new Error('registry away');
      return decode(records);
    };
    expect(await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never)).toBe(0n);
    expect(trial.enqueued).toHaveLength(1);
  });

  it('is dropped when the partition went to another while the registry was away', async () => {
    const trial = createTrial();
    trial.decode = async () => {
      trial.owned.isCurrent = false;
      throw new Error('registry away');
    };
    expect(await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never)).toBeUndefined();
    expect([trial.enqueued, trial.owned.fetchCursor]).toEqual([[], 0n]);
  });

  it('halts its partition when nearly all of it is bad', async () => {
    const { ports, halts, enqueued } = createTrial();
    expect(await handleBatch(fetched(0n, { 0: 'bad', 1: 'bad' }), ports, never)).toBeUndefined();
    expect([halts, enqueued]).toEqual([['TOO_MANY_BAD_RECORDS'], []]);
  });

  it('waits for room in a full lane, and then goes in', async () => {
    const trial = createTrial();
    trial.isFull = true;
    let isDone = false;
    const handling = handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never).then((resolved) => {
      isDone = true;
      return resolved;
    });
    await settled();
    expect(isDone).toBe(false);
    trial.giveRoom();
    expect(await handling).toBe(0n);
    expect(trial.enqueued).toHaveLength(1);
  });

  it.each(['the consumer wants to rejoin', 'the partition was revoked'])(
    'gives up waiting for room when %s',
    async (why) => {
      const trial = createTrial();
      trial.isFull = true;
      let isAbandoned = false;
      const handling = handleBatch(fetched(0n, { 0: 'a' }), trial.ports, () => isAbandoned);
      await settled();
      if (why.includes('rejoin')) isAbandoned = true;
      else trial.owned.isCurrent = false;
      expect(await handling).toBeUndefined();
      expect([trial.enqueued, trial.owned.fetchCursor]).toEqual([[], 0n]);
    },
  );

  it('leaves no timer and no loop behind', async () => {
    const trial = createTrial();
    await handleBatch(fetched(0n, { 0: 'a' }), trial.ports, never);
    trial.isFull = true;
    const handling = handleBatch(fetched(1n, { 1: 'b' }), trial.ports, never);
    await settled();
    trial.giveRoom();
    await handling;
    await settled();
    const waits = trial.waits;
    for (let i = 0; i < 5; i++) await settled();
    expect(trial.waits).toBe(waits);
  });
});
