import type { ClientBase } from 'pg';

/** The position of a partition as Postgres holds it: the only authority on what has been applied. */
export interface Progress {
  readonly topicId: string;
  readonly epoch: bigint;
  readonly nextOffset: bigint;
  readonly haltReason: string | null;
}

interface ProgressRow {
  readonly topic_id: string;
  readonly epoch: string;
  readonly next_offset: string;
  readonly halt_reason: string | null;
}

const toProgress = (row: ProgressRow): Progress => ({
  topicId: row.topic_id,
  epoch: BigInt(row.epoch),
  nextOffset: BigInt(row.next_offset),
  haltReason: row.halt_reason,
});

/** A partition seen for the first time starts at the lowest offset that Kafka still has: never at "latest". */
export async function insertProgressIfMissing(
  client: Queryable,
  row: { topic: string; partition: number; topicId: string; owner: string; lowOffset: bigint },
): Promise<void> {
  await client.query(
    `INSERT INTO partition_progress (topic, partition, topic_id, epoch, owner, next_offset)
     VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (topic, partition) DO NOTHING`,
    [row.topic, row.partition, row.topicId, row.owner, row.lowOffset.toString()],
  );
}

/** Raises the epoch. Waits for the row lock of a previous owner's open transaction and so returns the offset it left. */
export async function raiseEpoch(
  client: Queryable,
  row: { topic: string; partition: number; owner: string },
): Promise<Progress | undefined> {
  const result = await client.query<ProgressRow>(
    `UPDATE partition_progress SET epoch = epoch + 1, owner = $3, updated_at = now()
     WHERE topic = $1 AND partition = $2 RETURNING topic_id, epoch, next_offset, halt_reason`,
    [row.topic, row.partition, row.owner],
  );
  return result.rows[0] && toProgress(result.rows[0]);
}

/** Records why a partition stands still, or that it no longer does. Fenced like every write: a deposed owner changes nothing. */
export async function writeHalt(
  client: Queryable,
  row: { topic: string; partition: number; epoch: bigint; reason: string | null; detail: string | null },
): Promise<void> {
  await client.query(
    `UPDATE partition_progress SET halt_reason = $4, halt_detail = $5, updated_at = now()
     WHERE topic = $1 AND partition = $2 AND epoch = $3`,
    [row.topic, row.partition, row.epoch.toString(), row.reason, row.detail],
  );
}

/** Of these partitions those whose row says no longer that they stand still. */
export async function findClearedHalts(
  client: Queryable,
  topic: string,
  partitions: readonly number[],
): Promise<readonly number[]> {
  const result = await client.query<{ partition: number }>(
    `SELECT partition FROM partition_progress
     WHERE topic = $1 AND partition = ANY($2::int[]) AND halt_reason IS NULL ORDER BY partition`,
    [topic, partitions],
  );
  return result.rows.map((row) => row.partition);
}

/** What a batch expects of a partition's row, and what it will leave there. */
export interface ExpectedProgress {
  readonly partition: number;
  readonly epoch: bigint;
  readonly appliedOffset: bigint;
}

/** Locks the rows in key order and returns the partitions whose row is as expected. One that is missing has been fenced. */
export async function lockProgress(
  client: ClientBase,
  topic: string,
  expected: readonly ExpectedProgress[],
): Promise<ReadonlySet<number>> {
  const result = await client.query<{ partition: number }>({
    name: 'eo_lock_progress',
    text: `SELECT p.partition FROM partition_progress p
           JOIN unnest($2::int[], $3::bigint[], $4::bigint[]) AS e(partition, epoch, next_offset)
             ON p.partition = e.partition
           WHERE p.topic = $1 AND p.epoch = e.epoch AND p.next_offset = e.next_offset
           ORDER BY p.partition FOR UPDATE OF p`,
    values: [
      topic,
      expected.map((e) => e.partition),
      expected.map((e) => e.epoch.toString()),
      expected.map((e) => e.appliedOffset.toString()),
    ],
  });
  return new Set(result.rows.map((row) => row.partition));
}

export async function advanceProgress(
  client: ClientBase,
  topic: string,
  marks: readonly { partition: number; nextOffset: bigint }[],
): Promise<void> {
  await client.query({
    name: 'eo_advance_progress',
    text: `UPDATE partition_progress p SET next_offset = m.next_offset, updated_at = now()
           FROM unnest($2::int[], $3::bigint[]) AS m(partition, next_offset)
           WHERE p.topic = $1 AND p.partition = m.partition`,
    values: [topic, marks.map((m) => m.partition), marks.map((m) => m.nextOffset.toString())],
  });
}

/**
 * Reads the positions under a row lock, so that a transaction whose COMMIT is still on its way is waited for:
 * an unlocked read could say "unchanged" a moment before it commits.
 */
export async function readProgressLocked(
  client: ClientBase,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Progress>> {
  const result = await client.query<ProgressRow & { partition: number }>(
    `SELECT partition, topic_id, epoch, next_offset, halt_reason FROM partition_progress
     WHERE topic = $1 AND partition = ANY($2::int[]) ORDER BY partition FOR UPDATE`,
    [topic, partitions],
  );
  return new Map(result.rows.map((row) => [row.partition, toProgress(row)]));
}

/** A pool or a client: what a single statement needs. */
export type Queryable = Pick<ClientBase, 'query'>;
