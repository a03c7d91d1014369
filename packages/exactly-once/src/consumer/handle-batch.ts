import type { Lane } from '../apply/lane';
import type { PartitionBatch } from '../apply/partition-batch';
import type { HaltReason, OwnedPartition } from '../assignment/owned-partition';
import type { Decoded, DecodedRecord, Projection, Rejected, SourceRecord } from '../projection';
import type { OnEngineStep } from '../steps';
import { judgeBatch, type ReadableBatch } from './read-batch';
import { toWaitingRecord } from './waiting-record';

export interface HandleBatchPorts<Event> {
  readonly active: (partition: number) => OwnedPartition | undefined;
  readonly laneOf: (partition: number) => Lane<Event>;
  readonly decode: Projection<Event, never, unknown>['decode'];
  readonly seek: (partition: number, offset: bigint) => void;
  readonly reclaim: (owned: OwnedPartition) => void;
  readonly halt: (owned: OwnedPartition, reason: HaltReason, detail: string) => void;
  /** Told of every decoded record; true when the partition has had too large a share of bad ones. */
  readonly hasTooManyBad: (owned: OwnedPartition, records: number, bad: number) => boolean;
  readonly wait: (ms: number) => Promise<void>;
  readonly onDecodeFailed: (error: unknown) => void;
  readonly onRefused: (partition: number) => void;
  readonly maxBatchRecords: number;
  readonly onStep?: OnEngineStep | undefined;
}

/** Refusals in a row after which the position is asked of Postgres and Kafka anew. */
const REFUSALS_BEFORE_RECLAIM = 2;

/**
 * Takes one fetched batch into its lane. Returns the offset kafkajs may move on from, or `undefined` when it must not move.
 * Waits for room in the lane: that is the backpressure. `isAbandoned` turns true when the consumer wants to rejoin.
 */
export async function handleBatch<Event>(
  batch: ReadableBatch,
  ports: HandleBatchPorts<Event>,
  isAbandoned: () => boolean,
): Promise<bigint | undefined> {
  const owned = ports.active(batch.partition);
  if (!owned) return undefined;
  const verdict = judgeBatch(batch, owned);
  if (verdict.kind === 'wrong-position') {
    refuse(owned, ports);
    return undefined;
  }
  owned.refusedInARow = 0;
  await ports.onStep?.('B1_RECEIVED');
  if (verdict.kind === 'unreadable') {
    ports.halt(owned, 'UNREADABLE_BATCH', `offset ${owned.fetchCursor}: ${verdict.error.message}`);
    return undefined;
  }
  // Before decoding: what waits for room should wait in its smallest form.
  const lane = ports.laneOf(owned.partition);
  const isOver = () => isAbandoned() || !owned.isCurrent;
  if (lane.isFull) await untilRoom(lane, isOver, ports.wait);
  if (isOver()) return undefined;
  const decoded = await decodePatiently(verdict.records, ports, () => !owned.isCurrent || isAbandoned());
  if (!decoded || !owned.isCurrent) return undefined;
  const bad = decoded.filter((d) => d.kind === 'rejected').length;
  if (ports.hasTooManyBad(owned, decoded.length, bad)) {
    ports.halt(
      owned,
      'TOO_MANY_BAD_RECORDS',
      `at offset ${owned.fetchCursor}: ${bad} of ${decoded.length} in the last batch`,
    );
    return undefined;
  }
  for (const slice of toSlices(owned, verdict.records, decoded, verdict.nextOffset, ports.maxBatchRecords)) {
    lane.enqueue(slice);
  }
  owned.fetchCursor = verdict.nextOffset;
  await ports.onStep?.('B2_QUEUED');
  return verdict.nextOffset - 1n;
}

function refuse<Event>(owned: OwnedPartition, ports: HandleBatchPorts<Event>): void {
  ports.onRefused(owned.partition);
  owned.refusedInARow++;
  if (owned.refusedInARow >= REFUSALS_BEFORE_RECLAIM) ports.reclaim(owned);
  else ports.seek(owned.partition, owned.fetchCursor);
}

/** A registry that is away is not bad data: asks until it answers. */
async function decodePatiently<Event>(
  records: readonly SourceRecord[],
  ports: HandleBatchPorts<Event>,
  isOver: () => boolean,
): Promise<readonly Decoded<Event>[] | undefined> {
  for (let failures = 0; !isOver(); failures++) {
    try {
      return await ports.decode(records);
    } catch (error) {
      ports.onDecodeFailed(error);
      await ports.wait(Math.min(2_000, 100 * 2 ** Math.min(failures, 5)));
    }
  }
  return undefined;
}

/** Ends with the room or with the batch. It leaves no loop behind: one for each batch would add up to all there is of the CPU. */
async function untilRoom<Event>(
  lane: Lane<Event>,
  isOver: () => boolean,
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  let hasRoom = false;
  const room = lane.hasRoom().then(() => {
    hasRoom = true;
  });
  while (!hasRoom && !isOver()) await Promise.race([room, wait(100)]);
}

/** Cuts what is larger than a transaction may be. Only the last slice covers the offsets after its last record. */
function toSlices<Event>(
  owned: OwnedPartition,
  records: readonly SourceRecord[],
  decoded: readonly Decoded<Event>[],
  nextOffset: bigint,
  maxRecords: number,
): PartitionBatch<Event>[] {
  const slices: PartitionBatch<Event>[] = [];
  const [first] = records;
  if (!first) return [];
  const origin = { topic: first.topic, topicId: first.topicId, partition: first.partition };
  for (let start = 0; start < records.length; start += maxRecords) {
    const end = Math.min(start + maxRecords, records.length);
    const events: DecodedRecord<Event>[] = [];
    const rejected: Rejected[] = [];
    for (let i = start; i < end; i++) {
      const source = records[i];
      const result = decoded[i];
      if (!source || !result) throw new Error('decode must give one answer for each record');
      if (result.kind === 'event') events.push({ source: toWaitingRecord(origin, source), event: result.event });
      else rejected.push({ source, rejection: result.rejection });
    }
    const following = records[end];
    slices.push({ owned, events, rejected, nextOffset: following ? following.offset : nextOffset });
  }
  return slices;
}
