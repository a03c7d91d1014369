import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { recordBatch, recordSet } from '../record-format/record-batch-bytes';
import { kafkajsPatchParts } from './kafkajs-self-test';

const load = createRequire(__filename);

interface Message {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}
const filterAborted: (input: {
  messages: readonly Message[];
  abortedTransactions: readonly { producerId: string; firstOffset: string }[];
}) => readonly Message[] = load('kafkajs/src/consumer/filterAbortedMessages');
const Decoder: new (bytes: Buffer) => { readVarLong(): { toString(): string } } = load('kafkajs/src/protocol/decoder');
const Encoder: new () => { writeVarLong(value: bigint): { readonly buffer: Buffer } } =
  load('kafkajs/src/protocol/encoder');
const decodeFetch: { decode(bytes: Buffer): Promise<FetchResponse> } = load(
  'kafkajs/src/protocol/requests/fetch/v11/response',
);
const Batch: new (topic: string, fetchedOffset: string, partition: FetchedPartition) => FetchedBatch =
  load('kafkajs/src/consumer/batch');
const Runner: new (options: object) => { running: boolean; handleBatch(batch: FetchedBatch): Promise<void> } =
  load('kafkajs/src/consumer/runner');

interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly abortedTransactions: readonly { producerId: string; firstOffset: string }[];
  readonly messages: readonly { readonly offset: string }[] & { readonly decodeError?: Error };
}
interface FetchResponse {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}
interface FetchedBatch {
  readonly decodeError: Error | null;
  readonly messages: readonly { readonly offset: string }[];
  lastOffset(): string;
  firstOffset(): string | null;
}

const UNKNOWN_CODEC = 7;
const good = (firstOffset: number, records = 2) => recordBatch({ firstOffset, records });
const bad = (firstOffset: number) => recordBatch({ firstOffset, records: 1, attributes: UNKNOWN_CODEC });

describe('records of aborted transactions', () => {
  // Each producer has one open transaction at a time; steps say whose turn it is and what it does.
  const steps = fc.array(
    fc.tuple(fc.constantFrom('1', '2', '3', '4'), fc.constantFrom('data', 'data', 'zeroKey', 'commit', 'abort')),
    { maxLength: 60 },
  );

  it('are never delivered, wherever the fetch starts and whatever order the broker lists them in', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), fc.func(fc.integer()), (turns, from, order) => {
        const { messages, aborted, visible } = writeLog(turns);
        const fetched = messages.filter(({ offset }) => Number(offset) >= from);
        const listed = aborted
          .filter(({ lastOffset }) => lastOffset >= from)
          .sort((one, other) => order(one.firstOffset) - order(other.firstOffset));
        const delivered = filterAborted({ messages: fetched, abortedTransactions: listed })
          .filter(({ isControlRecord }) => !isControlRecord)
          .map(({ offset }) => Number(offset));
        expect(delivered).toEqual(visible.filter((offset) => offset >= from));
      }),
      { numRuns: 2000 },
    );
  });

  /** The log of these steps, the list of aborted transactions, and what a reader of committed records may see. */
  function writeLog(turns: readonly (readonly [string, string])[]) {
    const messages: Message[] = [];
    const aborted: { producerId: string; firstOffset: string; lastOffset: number }[] = [];
    const open = new Map<string, number[]>();
    const visible: number[] = [];
    for (const [producerId, action] of turns) {
      const offset = messages.length;
      const own = open.get(producerId) ?? [];
      const isControlRecord = action === 'commit' || action === 'abort';
      if (isControlRecord && own.length === 0) continue;
      const key = isControlRecord
        ? Buffer.from([0, 0, 0, action === 'abort' ? 0 : 1])
        : action === 'zeroKey'
          ? Buffer.alloc(4)
          : null;
      messages.push({
        offset: String(offset),
        key,
        isControlRecord,
        batchContext: { producerId, inTransaction: true },
      });
      if (!isControlRecord) {
        open.set(producerId, [...own, offset]);
        continue;
      }
      open.delete(producerId);
      if (action === 'commit') visible.push(...own);
      else aborted.push({ producerId, firstOffset: String(own[0]), lastOffset: offset });
    }
    // What is still open lies beyond the last stable offset: a broker does not send it.
    const stable = Math.min(messages.length, ...[...open.values()].flat());
    return {
      messages: messages.slice(0, stable),
      aborted: aborted.filter(({ firstOffset }) => Number(firstOffset) < stable),
      visible: visible.filter((offset) => offset < stable).sort((one, other) => one - other),
    };
  }
});

describe('a fetch response with a partition that cannot be decoded', () => {
  it('delivers the other partitions, and the good batches before the bad one', async () => {
    const bytes = fetchResponse([
      [0, [good(0), bad(2), good(3)]],
      [1, [good(0, 3)]],
      [2, [bad(0)]],
    ]);
    const [first, second, third] = (await decodeFetch.decode(bytes)).responses[0]?.partitions ?? [];
    expect(first?.messages.map(({ offset }) => offset)).toEqual(['0', '1']);
    expect(first?.messages.decodeError?.message).toMatch(/codec 7/);
    expect(second?.messages.map(({ offset }) => offset)).toEqual(['0', '1', '2']);
    expect(second?.messages.decodeError).toBeUndefined();
    expect(third?.messages).toEqual([]);
    expect(third?.messages.decodeError).toBeInstanceOf(Error);
  });

  it('never rejects, whatever byte of its batches is damaged', async () => {
    const batches = Buffer.concat([good(0), good(2), good(4)]);
    await fc.assert(
      fc.asyncProperty(fc.nat(batches.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(batches);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const { responses } = await decodeFetch.decode(fetchResponse([[0, [damaged]]]));
        const offsets = responses[0]?.partitions[0]?.messages.map(({ offset }) => Number(offset)) ?? [];
        // What lies before the damage is whole and in order. The base offset and the leader's epoch have no checksum.
        const wholeBatches = Math.floor(at / good(0).length);
        expect(offsets.slice(0, 2 * wholeBatches)).toEqual([0, 1, 2, 3, 4, 5].slice(0, 2 * wholeBatches));
      }),
      { numRuns: 500 },
    );
  });

  it('still ends quietly at a batch that was cut by the size of the response', async () => {
    const cut = good(2).subarray(0, 65);
    const { responses } = await decodeFetch.decode(fetchResponse([[0, [good(0), cut]]]));
    expect(responses[0]?.partitions[0]?.messages).toHaveLength(2);
    expect(responses[0]?.partitions[0]?.messages.decodeError).toBeUndefined();
  });
});

describe('a batch with a decode error', () => {
  const batchOf = async (fetchedOffset: string, batches: readonly Buffer[]) => {
    const [partition] = (await decodeFetch.decode(fetchResponse([[0, batches]]))).responses[0]?.partitions ?? [];
    if (partition === undefined) throw new Error('no partition');
    return new Batch('topic', fetchedOffset, partition);
  };

  it('has the good prefix, and a last offset that passes nothing but that', async () => {
    const batch = await batchOf('1', [good(0), bad(2)]);
    expect(batch.messages.map(({ offset }) => offset)).toEqual(['1']);
    expect(batch.lastOffset()).toBe('1');
    const empty = await batchOf('2', [good(0), bad(2)]);
    expect([empty.messages, empty.lastOffset()]).toEqual([[], '1']);
    expect((await batchOf('0', [bad(0)])).lastOffset()).toBe('-1');
  });

  it('is handed to eachBatch, and not resolved by itself', async () => {
    for (const batch of [await batchOf('0', [good(0), bad(2)]), await batchOf('0', [bad(0)])]) {
      const { seen, resolved, handle } = createRunner({ mode: 'eachBatch' });
      await handle(batch);
      expect(seen).toEqual([batch]);
      expect(resolved).toEqual([]);
    }
  });

  it('gives eachMessage the good prefix, then its error', async () => {
    const { seen, resolved, handle } = createRunner({ mode: 'eachMessage' });
    await expect(handle(await batchOf('0', [good(0), bad(2)]))).rejects.toThrow(/codec 7/);
    expect(seen).toHaveLength(2);
    expect(resolved).toEqual(['0', '1']);
  });

  it('without one is resolved as before', async () => {
    const { resolved, handle } = createRunner({ mode: 'eachBatch' });
    await handle(await batchOf('0', [good(0)]));
    expect(resolved).toEqual(['1']);
  });
});

it('decodes more records than fit into the arguments of a call', async () => {
  const { responses } = await decodeFetch.decode(fetchResponse([[0, [good(0, 150_000)]]]));
  expect(responses[0]?.partitions[0]?.messages.decodeError).toBeUndefined();
  expect(responses[0]?.partitions[0]?.messages).toHaveLength(150_000);
});

it('reads offsets past 2^53 and any timestamp exactly', async () => {
  const set = recordSet([good(0)]);
  set.writeBigInt64BE(2n ** 53n + 1n, 4);
  const { responses } = await decodeFetch.decode(fetchResponse([[0, [set.subarray(4)]]]));
  expect(responses[0]?.partitions[0]?.messages.map(({ offset }) => offset)).toEqual([
    '9007199254740993',
    '9007199254740994',
  ]);
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(63), (value, shift) => {
      const number = value >> BigInt(shift);
      expect(new Decoder(new Encoder().writeVarLong(number).buffer).readVarLong().toString()).toBe(String(number));
    }),
    { numRuns: 2000 },
  );
});

it('is a patch whose every part the self-test knows', () => {
  const patch = readFileSync(join(__dirname, '../../../../../patches/kafkajs+2.2.4.patch'), 'utf8');
  const marked = new Set([...patch.matchAll(/streaks patch, ([\w ]+)[:.]/g)].map(([, name]) => name));
  const tested = new Set(kafkajsPatchParts.map((name) => name.replace(/:.*/, '')));
  // Speed changes nothing that could be observed, save by a clock.
  expect([...marked].filter((name) => name !== 'speed').sort()).toEqual([...tested].sort());
});

function createRunner({ mode }: { mode: 'eachBatch' | 'eachMessage' }) {
  const seen: unknown[] = [];
  const resolved: string[] = [];
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const runner = new Runner({
    logger: { namespace: () => ({ ...silent, namespace: () => silent }) },
    instrumentationEmitter: { emit: () => undefined },
    consumerGroup: {
      resolveOffset: ({ offset }: { offset: string }) => resolved.push(offset),
      heartbeat: async () => undefined,
      hasSeekOffset: () => false,
      isPaused: () => false,
    },
    ...(mode === 'eachBatch'
      ? { eachBatch: async ({ batch }: { batch: unknown }) => void seen.push(batch) }
      : { eachMessage: async ({ message }: { message: unknown }) => void seen.push(message) }),
    autoCommit: false,
    concurrency: 1,
    onCrash: () => undefined,
  });
  runner.running = true;
  return { seen, resolved, handle: (batch: FetchedBatch) => runner.handleBatch(batch) };
}

/** A fetch response of version 11 with one topic. */
function fetchResponse(partitions: readonly (readonly [number, readonly Buffer[]])[]): Buffer {
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const head = Buffer.alloc(10);
  const topic = Buffer.concat([Buffer.from([0, 5]), Buffer.from('topic')]);
  const bodies = partitions.map(([partition, batches]) => {
    const middle = Buffer.alloc(2 + 3 * 8);
    middle.writeBigInt64BE(100n, 2);
    return Buffer.concat([int32(partition), middle, int32(0), int32(-1), recordSet(batches)]);
  });
  return Buffer.concat([head, int32(1), topic, int32(partitions.length), ...bodies]);
}
