import { laneConnectionOptions } from '@streaks/exactly-once/binary/lane-session-settings';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import { advanceShards, lockShards } from '@streaks/exactly-once/sql/outbox';
import { advanceProgress, insertProgressIfMissing, lockProgress } from '@streaks/exactly-once/sql/progress';
import type { DecodedSession } from '@streaks/shared/contracts/decode-fault';
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

const TOPIC = 'session-events';
const TOPIC_ID = '00000000-0000-4000-8000-000000000001';
const REPEATABLE = new Set(['40P01', '40001', '23505']);

/** The decoded records of each partition, made before the clock starts. */
export function decodedPartitions({ events, partitions, partitionCount }: DataSet): readonly Batch[] {
  const byPartition = Array.from({ length: partitionCount }, (): DecodedRecord<DecodedSession>[] => []);
  for (const [index, session] of events.entries()) {
    const partition = partitions[index] ?? 0;
    const records = byPartition[partition] ?? [];
    const { userId, sessionId, startMs, endMs, timezone } = session;
    records.push({
      source: {
        topic: TOPIC,
        topicId: TOPIC_ID,
        partition,
        offset: BigInt(records.length),
        timestampMs: endMs,
        key: null,
        value: null,
        headers: {},
      },
      event: { userId, sessionId, startMs, endMs, timezone, keyMismatch: false },
    });
  }
  return byPartition;
}

/**
 * The SQL alone: the projection's own `apply` with the engine's progress, shard and history statements around it, from a
 * loop over records that are in memory already. No Kafka, no decoding, no Redis. Returns the seconds that it took.
 */
export async function runPlainLoop(byPartition: readonly Batch[], options: PlainLoopOptions): Promise<number> {
  const { databaseUrl, connections, recordsPerTransaction, targetMs } = options;
  const projection = createStreaksProjection({
    targetMs,
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
    await prepareRows(clients[0] as Client, byPartition.length);
    const startedAt = performance.now();
    await Promise.all(
      clients.map((client, lane) => {
        const owned = byPartition.map((_, partition) => partition).filter((p) => p % connections === lane);
        return runLane(client, projection, byPartition, owned, recordsPerTransaction);
      }),
    );
    return (performance.now() - startedAt) / 1000;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function prepareRows(client: ClientBase, partitions: number): Promise<void> {
  await client.query('INSERT INTO outbox_shard (shard) SELECT generate_series(0, $1::int - 1)', [partitions]);
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
  byPartition: readonly Batch[],
  owned: readonly number[],
  recordsPerTransaction: number,
): Promise<void> {
  const perPartition = Math.ceil(recordsPerTransaction / owned.length);
  const positions = new Map(owned.map((partition) => [partition, 0]));
  for (;;) {
    const parts = owned.flatMap((partition) => {
      const from = positions.get(partition) ?? 0;
      const records = (byPartition[partition] ?? []).slice(from, from + perPartition);
      return records.length === 0 ? [] : [{ partition, from, records }];
    });
    if (parts.length === 0) return;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await applyParts(client, projection, parts, byPartition.length, attempt);
        break;
      } catch (error) {
        await client.query('ROLLBACK');
        if (!REPEATABLE.has(String((error as { code?: unknown }).code)) || attempt > 10) throw error;
      }
    }
    for (const { partition, from, records } of parts) positions.set(partition, from + records.length);
  }
}

async function applyParts(
  client: Client,
  projection: StreaksProjection,
  parts: readonly { readonly partition: number; readonly from: number; readonly records: Batch }[],
  shardCount: number,
  attempt: number,
): Promise<void> {
  await client.query('BEGIN');
  const expected = parts.map(({ partition, from }) => ({ partition, epoch: 1n, appliedOffset: BigInt(from) }));
  const held = await lockProgress(client, TOPIC, expected);
  if (held.size !== parts.length) throw new Error('a partition is not where the plain loop left it');
  const records = parts.flatMap((part) => part.records);
  // A lane's client is never given back to a pool, so it has no release().
  const { changes } = await projection.apply(client as unknown as PoolClient, records, attempt);
  const placed = changes.map((change) => ({ shard: partitionForKey(change.shardKey, shardCount), change }));
  const shards = [...new Set(placed.map(({ shard }) => shard))].sort((one, other) => one - other);
  const numbers = await lockShards(client, shards);
  const numbered = placed.map(({ shard, change }) => {
    const seq = (numbers.get(shard) ?? 0n) + 1n;
    numbers.set(shard, seq);
    return { shard, seq, change };
  });
  if (numbered.length > 0) await projection.saveChanges(client as unknown as PoolClient, numbered);
  await advanceShards(client, numbers);
  await advanceProgress(
    client,
    TOPIC,
    parts.map((part) => ({ partition: part.partition, nextOffset: BigInt(part.from + part.records.length) })),
  );
  await client.query('COMMIT');
}
