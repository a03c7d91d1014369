/** Header with the position of the dead letter that a record was replayed from: `topic/partition/offset`. */
export const REPLAYED_FROM = 'x-replayed-from';

/** Identity of a dead letter: where its record stood. */
export interface Position {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A row of `dead_letters`. */
export interface DeadLetter extends Position {
  readonly topic: string;
  readonly reason: string;
  readonly detail: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, readonly Buffer[]>>;
  readonly userId: string | null;
  readonly eventId: string | null;
  readonly recordTime: Date;
  readonly firstSeen: Date;
  readonly status: 'new' | 'replayed';
  readonly replayedAt: Date | null;
  readonly replayedTopicId: string | null;
  readonly replayedPartition: number | null;
  readonly replayedOffset: bigint | null;
}

/** As Postgres gives it. */
export interface DeadLetterRow {
  readonly topic_id: string;
  readonly partition: number;
  readonly offset: string;
  readonly topic: string;
  readonly reason: string;
  readonly detail: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly user_id: string | null;
  readonly event_id: string | null;
  readonly record_time: Date;
  readonly first_seen: Date;
  readonly status: 'new' | 'replayed';
  readonly replayed_at: Date | null;
  readonly replayed_topic_id: string | null;
  readonly replayed_partition: number | null;
  readonly replayed_offset: string | null;
}

export const DEAD_LETTER_COLUMNS = `d.topic_id, d.partition, d."offset", d.topic, d.reason, d.detail, d.key, d.value, d.headers,
  d.user_id, d.event_id, d.record_time, d.first_seen, d.status, d.replayed_at, d.replayed_topic_id, d.replayed_partition, d.replayed_offset`;

export function toDeadLetter(row: DeadLetterRow): DeadLetter {
  const headers = Object.entries(row.headers).map(
    ([name, values]) => [name, values.map((value) => Buffer.from(value, 'base64'))] as const,
  );
  return {
    topicId: row.topic_id,
    partition: row.partition,
    offset: BigInt(row.offset),
    topic: row.topic,
    reason: row.reason,
    detail: row.detail,
    key: row.key,
    value: row.value,
    headers: Object.fromEntries(headers),
    userId: row.user_id,
    eventId: row.event_id,
    recordTime: row.record_time,
    firstSeen: row.first_seen,
    status: row.status,
    replayedAt: row.replayed_at,
    replayedTopicId: row.replayed_topic_id,
    replayedPartition: row.replayed_partition,
    replayedOffset: row.replayed_offset === null ? null : BigInt(row.replayed_offset),
  };
}

export const describePosition = ({
  topic,
  partition,
  offset,
}: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string => `${topic}/${partition}/${offset}`;
