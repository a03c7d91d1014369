import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { advanceShards, lockShards } from '@streaks/exactly-once/sql/outbox';
import { advanceProgress, insertProgressIfMissing, lockProgress } from '@streaks/exactly-once/sql/progress';
import type { DecodedSession } from '@streaks/shared/contracts/user-event';
import type { Session } from '@streaks/shared/domain/events/session';
import { DEFAULT_CHECK_IN_TARGET } from '@streaks/shared/domain/rules';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import {
  createStreaksProjection,
  type StreaksProjection,
} from '@streaks/streak-processor/projections/streaks/create-streaks-projection';
import { Client, type ClientBase, type PoolClient } from 'pg';
import type { DataSet } from '../data-set/generate-data-set';

export interface PlainLoopOptions {
  /** An empty database with the schema. */
  readonly databaseUrl: string;
  readonly connections: number;
  readonly recordsPerTransaction: number;
  readonly targetMs: number;
}

type Batch = readonly DecodedRecord<DecodedSession>[];

/** The records `from` (inclusive) to `to` (exclusive) of a partition. */
interface Part {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const NO_HEADERS = {};

const TOPIC = 'session-events';
const TOPIC_ID = '00000000-0000-4000-8000-000000000001';
const REPEATABLE = new Set(['40P01', '40001', '23505']);

/** A data set by partition: where in it the records of each are, in offset order. */
export interface PartitionedDataSet {
  readonly dataSet: DataSet;
  readonly eventIndexes: readonly Uint32Array[];
}

export function partitionDataSet(dataSet: DataSet): PartitionedDataSet {
  const eventIndexes = Array.from({ length: dataSet.partitionCount }, (): number[] => []);
  for (const [index, partition] of dataSet.partitions.entries()) eventIndexes[partition]?.push(index);
  return { dataSet, eventIndexes: eventIndexes.map((indexes) => Uint32Array.from(indexes)) };
}

/**
 * Records as a decoder hands them over: new objects, that live as long as their batch. Half a million of them kept from
 * before the start would make the collector mark them again and again, which no consumer pays for.
 */
function decodedRecords({ dataSet, eventIndexes }: PartitionedDataSet, part: Part): Batch {
  const indexes = (eventIndexes[part.partition] ?? new Uint32Array()).subarray(part.from, part.to);
  return Array.from(indexes, (eventIndex, index) => {
    const { userId, sessionId, startMs, endMs, timezone } = dataSet.events[eventIndex] as Session;
    return {
      source: {
        topic: TOPIC,
        topicId: TOPIC_ID,
        partition: part.partition,
        offset: BigInt(part.from + index),
        timestampMs: endMs,
        key: null,
        value: null,
        headers: NO_HEADERS,
      },
      event: { kind: 'session', userId, sessionId, startMs, endMs, timezone, keyMismatch: false },
    };
  });
}

/**
 * The SQL alone: the projection's own `apply` with the engine's progress, shard and history statements around it, from a
 * loop over sessions that are in memory already. No Kafka, no decoding, no Redis. Returns the seconds that it took.
 */
export async function runPlainLoop(data: PartitionedDataSet, options: PlainLoopOptions): Promise<number> {
  const { databaseUrl, connections, recordsPerTransaction, targetMs } = options;
  const partitions = [...data.eventIndexes.keys()];
  const projection = createStreaksProjection({
    targets: { focus: targetMs, activity: DEFAULT_CHECK_IN_TARGET },
    limits: { maxDurationMs: Number.POSITIVE_INFINITY, maxFutureMs: Number.POSITIVE_INFINITY },
    generation: 1n,
    decoder: {
      prepare: async () => undefined,
      decode: () => {
        throw new Error('the plain loop decodes nothing');
      },
    },
  });
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client({ connectionString: databaseUrl, options: laneConnectionOptions });
      await client.connect();
      return client;
    }),
  );
  try {
    await prepareRows(clients[0] as Client, partitions.length);
    const startedAt = performance.now();
    await Promise.all(
      clients.map((client, lane) => {
        const owned = partitions.filter((partition) => partition % connections === lane);
        return runLane(client, projection, data, owned, recordsPerTransaction);
      }),
    );
    return (performance.now() - startedAt) / 1000;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function prepareRows(client: ClientBase, partitions: number): Promise<void> {
  await client.query(
    'INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1) ON CONFLICT (shard) DO NOTHING',
    [partitions],
  );
  for (let partition = 0; partition < partitions; partition += 1) {
    await insertProgressIfMissing(client, {
      topic: TOPIC,
      partition,
      topicId: TOPIC_ID,
      owner: 'bench',
      lowOffset: 0n,
    });
  }
}

async function runLane(
  client: Client,
  projection: StreaksProjection,
  data: PartitionedDataSet,
  owned: readonly number[],
  recordsPerTransaction: number,
): Promise<void> {
  const perPartition = Math.ceil(recordsPerTransaction / owned.length);
  const positions = new Map(owned.map((partition) => [partition, 0]));
  for (;;) {
    const parts = owned.flatMap((partition): Part[] => {
      const from = positions.get(partition) ?? 0;
      const to = Math.min(from + perPartition, data.eventIndexes[partition]?.length ?? 0);
      return from === to ? [] : [{ partition, from, to }];
    });
    if (parts.length === 0) return;
    const records = parts.flatMap((part) => decodedRecords(data, part));
    for (let attempt = 0; ; attempt += 1) {
      try {
        await applyParts(client, projection, parts, records, data.eventIndexes.length, attempt);
        break;
      } catch (error) {
        await client.query('ROLLBACK');
        if (!REPEATABLE.has(String((error as { code?: unknown }).code)) || attempt > 10) throw error;
      }
    }
    for (const { partition, to } of parts) positions.set(partition, to);
  }
}

async function applyParts(
  client: Client,
  projection: StreaksProjection,
  parts: readonly Part[],
  records: Batch,
  shardCount: number,
  attempt: number,
): Promise<void> {
  await client.query('BEGIN');
  const expected = parts.map(({ partition, from }) => ({ partition, epoch: 1n, appliedOffset: BigInt(from) }));
  const held = await lockProgress(client, TOPIC, expected);
  if (held.size !== parts.length) throw new Error('a partition is not where the plain loop left it');
  // A lane's client is never given back to a pool, so it has no release().
  const { changes } = await projection.apply(client as unknown as PoolClient, records, attempt);
  const placed = changes.map((change) => ({ shard: partitionForKey(change.shardKey, shardCount), change }));
  const shards = [...new Set(placed.map(({ shard }) => shard))].sort((one, other) => one - other);
  const { lastNumbers: numbers, recordedAtMs } = await lockShards(client, shards);
  const numbered = placed.map(({ shard, change }) => {
    const seq = (numbers.get(shard) ?? 0n) + 1n;
    numbers.set(shard, seq);
    return { shard, seq, recordedAtMs, change };
  });
  if (numbered.length > 0) await projection.saveChanges(client as unknown as PoolClient, numbered);
  await advanceShards(client, numbers);
  await advanceProgress(
    client,
    TOPIC,
    parts.map(({ partition, to }) => ({ partition, nextOffset: BigInt(to) })),
  );
  await client.query('COMMIT');
}
