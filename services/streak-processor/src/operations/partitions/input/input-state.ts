import type { Queryable } from '@streaks/exactly-once/sql/progress';
import type { Connections } from '../../command-line/connect';

/** A row of `partition_progress`. */
export interface InputRow {
  readonly partition: number;
  readonly topicId: string;
  readonly epoch: bigint;
  readonly owner: string;
  readonly nextOffset: bigint;
  readonly haltReason: string | null;
  readonly haltDetail: string | null;
}

/** The log of a partition as Kafka has it: the first offset kept, and the one that the next record will get. */
export interface LogBounds {
  readonly low: bigint;
  readonly high: bigint;
}

/** A topic as the cluster has it now. */
export interface TopicFacts {
  readonly topicId: string;
  readonly bounds: ReadonlyMap<number, LogBounds>;
}

interface ProgressRow {
  readonly partition: number;
  readonly topic_id: string;
  readonly epoch: string;
  readonly owner: string;
  readonly next_offset: string;
  readonly halt_reason: string | null;
  readonly halt_detail: string | null;
}

/** The rows of a topic, by partition. With `lock` they are held until the transaction ends. */
export async function readInputRows(
  store: Queryable,
  topic: string,
  lock?: { readonly partitions: readonly number[] },
): Promise<ReadonlyMap<number, InputRow>> {
  const { rows } = await store.query<ProgressRow>(
    `SELECT partition, topic_id, epoch, owner, next_offset, halt_reason, halt_detail FROM partition_progress
     WHERE topic = $1 AND ($2::int[] IS NULL OR partition = ANY($2)) ORDER BY partition${lock ? ' FOR UPDATE' : ''}`,
    [topic, lock?.partitions ?? null],
  );
  return new Map(
    rows.map((row) => [
      row.partition,
      {
        partition: row.partition,
        topicId: row.topic_id,
        epoch: BigInt(row.epoch),
        owner: row.owner,
        nextOffset: BigInt(row.next_offset),
        haltReason: row.halt_reason,
        haltDetail: row.halt_detail,
      },
    ]),
  );
}

/** The id is read before and after the bounds: those of a topic that was made anew in between would be taken for the old one's. */
export async function readTopicFacts(
  connections: Pick<Connections, 'withAdmin' | 'fetchTopicId'>,
  topic: string,
): Promise<TopicFacts> {
  const before = await connections.fetchTopicId(topic);
  const offsets = await connections.withAdmin((admin) => admin.fetchTopicOffsets(topic));
  const topicId = await connections.fetchTopicId(topic);
  if (topicId !== before) throw new Error(`topic ${topic} was made anew just now: try again`);
  return {
    topicId,
    bounds: new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }])),
  };
}
