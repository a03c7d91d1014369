import { createRequire } from 'node:module';
import { recordBatch, recordSet } from '../record-format/record-batch-bytes';
import { createRecordBodyEncoder } from '../record-format/record-body';
import { type CreateSendMessages, isSentToTheNewLeader } from './repeated-send';

// Loaded by path: what the patch changes is not part of kafkajs' interface, and a newer version may have it elsewhere.
const load = createRequire(__filename);

interface FakeMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

interface Decoded extends ReadonlyArray<{ readonly offset: string }> {
  readonly decodeError?: Error;
}

interface BatchLike {
  readonly decodeError: Error | null;
  readonly messages: readonly unknown[];
  lastOffset(): string;
}

interface RunnerLike {
  running: boolean;
  handleBatch(batch: BatchLike): Promise<void>;
}

interface Kafkajs {
  readonly createSendMessages: CreateSendMessages;
  readonly filterAborted: (input: {
    messages: readonly FakeMessage[];
    abortedTransactions: readonly { producerId: string; firstOffset: string }[];
  }) => readonly FakeMessage[];
  readonly decode: (decoder: unknown) => Promise<Decoded>;
  readonly Decoder: new (bytes: Buffer) => unknown;
  readonly Batch: new (topic: string, fetchedOffset: string, partition: object) => BatchLike;
  readonly Runner: new (options: object) => RunnerLike;
  readonly ConsumerGroup: { readonly prototype: { fetch(this: object, nodeId: number): Promise<unknown> } };
  readonly encodeRecord: (record: object) => { readonly buffer: Buffer };
  readonly decodeRecord: (
    decoder: unknown,
    batch: object,
  ) => { readonly key: unknown; readonly value: unknown; readonly headers: Readonly<Record<string, unknown>> };
  readonly RequestQueue: new (
    options: object,
  ) => { checkPendingRequests(): void; throttleCheckTimeoutId: unknown; destroy(): void };
}

/** More than can be spread into the arguments of one call. */
const LARGE_BATCH_RECORDS = 130_000;
const UNKNOWN_CODEC = 7;
const BATCH_AT_0 = { firstOffset: '0', firstTimestamp: '0' };

/** Each part of the patch by the name that its comment in `patches/` has, and whether it is in force. */
const parts: Readonly<Record<string, (kafkajs: Kafkajs) => boolean | Promise<boolean>>> = {
  'D1 order': ({ filterAborted }) =>
    isEmpty(
      filterAborted({
        messages: [data(1, 'a'), data(2, 'b')],
        abortedTransactions: [aborted('b', 2), aborted('a', 1)],
      }),
    ),
  'D1 all': ({ filterAborted }) =>
    isEmpty(filterAborted({ messages: [data(5, 'b')], abortedTransactions: [aborted('a', 1), aborted('b', 2)] })),
  'D1 marker': ({ filterAborted }) =>
    isEmpty(
      filterAborted({
        messages: [data(1, 'a', Buffer.alloc(4)), data(2, 'a')],
        abortedTransactions: [aborted('a', 1)],
      }),
    ),
  'large batch': async (kafkajs) =>
    (await decodeAll(kafkajs, [recordBatch({ firstOffset: 0, records: LARGE_BATCH_RECORDS })])).length ===
    LARGE_BATCH_RECORDS,
  'decode errors: codec': async (kafkajs) =>
    keepsGoodPrefix(
      await decodeAll(kafkajs, [good(), recordBatch({ firstOffset: 2, records: 1, attributes: UNKNOWN_CODEC })]),
    ),
  'decode errors: record': async (kafkajs) =>
    // A record of six bytes whose value claims 32 and holds none.
    keepsGoodPrefix(
      await decodeAll(kafkajs, [
        good(),
        recordBatch({ firstOffset: 2, records: 1, payload: Buffer.from([12, 0, 0, 0, 1, 64, 0]) }),
      ]),
    ),
  checksum: async (kafkajs) => {
    const damaged = recordBatch({ firstOffset: 2, records: 1 });
    // The time of the first record: nothing but the checksum could tell.
    damaged[30] = 1;
    return keepsGoodPrefix(await decodeAll(kafkajs, [good(), damaged]));
  },
  'decode errors: batch': async (kafkajs) => {
    const batch = await undecodableBatch(kafkajs);
    return batch.decodeError instanceof Error && batch.messages.length === 0 && batch.lastOffset() === '1';
  },
  'decode errors: eachBatch': async (kafkajs) => await isHandedOutUnresolved(kafkajs, await undecodableBatch(kafkajs)),
  'fetch order': ({ ConsumerGroup }) => asksForEachPartitionFirstInTurn(ConsumerGroup),
  'fetched offset': (kafkajs) => isToldWhereASkippedBatchBegan(kafkajs),
  'header names': ({ encodeRecord, decodeRecord, Decoder }) => {
    const record = encodeRecord({ key: null, value: null, headers: { toString: 'x' } }).buffer;
    const { headers } = decodeRecord(new Decoder(record.subarray(1)), BATCH_AT_0); // behind its length
    return String(headers['toString']) === 'x';
  },
  'encoded records': ({ encodeRecord, decodeRecord, Decoder }) => {
    const encodedRecord = createRecordBodyEncoder()('k', Buffer.from('v'), ['name', 'x']);
    const { buffer } = encodeRecord({ value: null, offsetDelta: 3, encodedRecord });
    const { key, value, headers } = decodeRecord(new Decoder(buffer.subarray(1)), BATCH_AT_0);
    return `${key} ${value} ${headers['name']} ${buffer[0]}` === `k v x ${2 * (buffer.length - 1)}`;
  },
  acknowledged: ({ createSendMessages }) => isSentToTheNewLeader(createSendMessages),
  timers: ({ RequestQueue }) => {
    const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1, clientId: '', broker: '', logger: {} });
    queue.checkPendingRequests();
    const isIdle = queue.throttleCheckTimeoutId === null;
    queue.destroy();
    return isIdle;
  },
};

/** Names of the parts of the patch; the mutation test reverts each. */
export const kafkajsPatchParts: readonly string[] = Object.keys(parts);

/**
 * Throws unless kafkajs is the version that `patches/` was made for with every part of the patch in force. Without it
 * records of aborted transactions are delivered and one bad batch ends a consumer for good, so each service checks at
 * its start. Needs no broker; takes a fraction of a second.
 */
export async function assertKafkajsIsPatched(): Promise<void> {
  const kafkajs = loadKafkajs();
  for (const [name, isInForce] of Object.entries(parts)) {
    if (!(await holds(() => isInForce(kafkajs)))) {
      throw new Error(
        `kafkajs is not patched: "${name}" is missing. Run \`npx patch-package\` (patches/kafkajs+2.2.4.patch) and start again.`,
      );
    }
  }
}

async function holds(check: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}

function loadKafkajs(): Kafkajs {
  return {
    filterAborted: load('kafkajs/src/consumer/filterAbortedMessages'),
    decode: load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages'),
    Decoder: load('kafkajs/src/protocol/decoder'),
    Batch: load('kafkajs/src/consumer/batch'),
    Runner: load('kafkajs/src/consumer/runner'),
    ConsumerGroup: load('kafkajs/src/consumer/consumerGroup'),
    RequestQueue: load('kafkajs/src/network/requestQueue'),
    createSendMessages: load('kafkajs/src/producer/sendMessages'),
    encodeRecord: load('kafkajs/src/protocol/recordBatch/record/v0'),
    decodeRecord: load('kafkajs/src/protocol/recordBatch/record/v0/decoder'),
  };
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}

function data(offset: number, producerId: string, key: Buffer | null = null): FakeMessage {
  return { offset: String(offset), key, isControlRecord: false, batchContext: { producerId, inTransaction: true } };
}

function aborted(producerId: string, firstOffset: number): { producerId: string; firstOffset: string } {
  return { producerId, firstOffset: String(firstOffset) };
}

/** Offsets 0 and 1. */
function good(): Buffer {
  return recordBatch({ firstOffset: 0, records: 2 });
}

async function decodeAll({ decode, Decoder }: Kafkajs, batches: readonly Buffer[]): Promise<Decoded> {
  return await decode(new Decoder(recordSet(batches)));
}

function keepsGoodPrefix(decoded: Decoded): boolean {
  return decoded.decodeError instanceof Error && decoded.map(({ offset }) => offset).join() === '0,1';
}

/** Fetched at offset 2, where nothing can be decoded; the offsets before it are those of the same record set. */
async function undecodableBatch(kafkajs: Kafkajs): Promise<BatchLike> {
  const messages = await decodeAll(kafkajs, [
    good(),
    recordBatch({ firstOffset: 2, records: 1, attributes: UNKNOWN_CODEC }),
  ]);
  return new kafkajs.Batch('topic', '2', { partition: 0, highWatermark: '9', abortedTransactions: [], messages });
}

async function isHandedOutUnresolved({ Runner }: Kafkajs, batch: BatchLike): Promise<boolean> {
  const handedOut: unknown[] = [];
  const resolved: unknown[] = [];
  const runner = createRunner(Runner, {
    consumerGroup: { resolveOffset: (offset: unknown) => resolved.push(offset), heartbeat: async () => undefined },
    eachBatch: async (payload: { batch: unknown }) => void handedOut.push(payload.batch),
  });
  await runner.handleBatch(batch);
  return handedOut[0] === batch && isEmpty(resolved);
}

async function asksForEachPartitionFirstInTurn(ConsumerGroup: Kafkajs['ConsumerGroup']): Promise<boolean> {
  const partitions = [0, 1, 2];
  const first: number[] = [];
  const fetch = async ({ topics }: { topics: { partitions: { partition: number }[] }[] }) => {
    first.push(topics[0]?.partitions[0]?.partition ?? -1);
    return { responses: [] };
  };
  const group = {
    cluster: { refreshMetadataIfNecessary: ignore, findBroker: async () => ({ fetch }) },
    checkForStaleAssignment: ignore,
    subscriptionState: { assigned: () => [{ topic: 't', partitions }] },
    filterPartitionsByNode: () => [{ topic: 't', partitions }],
    seekOffsets: ignore,
    offsetManager: { committedOffsets: () => ({ t: { 0: '0', 1: '0', 2: '0' } }), nextOffset: () => '0' },
    getActiveTopicPartitions: () => ({ t: new Set(partitions) }),
  };
  for (const _turn of partitions) await ConsumerGroup.prototype.fetch.call(group, 1);
  return new Set(first).size === partitions.length;
}

async function isToldWhereASkippedBatchBegan({ Batch, Runner }: Kafkajs): Promise<boolean> {
  const told: unknown[] = [];
  const messages = [{ ...data(7, 'a'), isControlRecord: true }];
  const runner = createRunner(Runner, {
    instrumentationEmitter: {
      emit: (_event: string, payload: { fetchedOffset: unknown }) => told.push(payload.fetchedOffset),
    },
    consumerGroup: { resolveOffset: ignore, heartbeat: async () => undefined },
  });
  await runner.handleBatch(
    new Batch('topic', '7', { partition: 0, highWatermark: '9', abortedTransactions: [], messages }),
  );
  return told[0] === '7';
}

function createRunner(Runner: Kafkajs['Runner'], options: object): RunnerLike {
  const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const runner = new Runner({
    logger: { ...silent, namespace: () => ({ ...silent, namespace: () => silent }) },
    instrumentationEmitter: { emit: ignore },
    autoCommit: false,
    concurrency: 1,
    onCrash: ignore,
    ...options,
  });
  runner.running = true;
  return runner;
}

function ignore(): void {}
