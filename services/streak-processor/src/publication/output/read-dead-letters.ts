import type { Pool } from 'pg';
import type { DeadLetterRow } from './output-records';
import type { SeqRange } from './read-history';

export interface DeadLetterSize {
  readonly seq: bigint;
  /** Of key, value and headers as they are stored, and what a record has beside them. */
  readonly bytes: number;
}

const LETTER_BYTES = 2_000;

export const DEAD_LETTER_SIZES = `SELECT out_seq::text AS seq,
    coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) + pg_column_size(headers) + ${LETTER_BYTES} AS bytes
  FROM dead_letters WHERE shard = $1 AND out_seq > $2 AND out_seq <= $3 ORDER BY out_seq LIMIT $4`;

/** How much the next dead letters of a shard weigh: 5,000 of them may be as many megabytes. */
export async function readDeadLetterSizes(pool: Pool, range: SeqRange): Promise<DeadLetterSize[]> {
  const { rows } = await pool.query<{ seq: string; bytes: number }>({
    name: 'streaks_output_letter_sizes',
    text: DEAD_LETTER_SIZES,
    values: valuesOf(range),
  });
  return rows.map(({ seq, bytes }) => ({ seq: BigInt(seq), bytes }));
}

export const DEAD_LETTERS = `SELECT out_seq::text AS seq, topic, topic_id, partition, "offset"::text AS "offset", reason, detail, key, value,
    headers, user_id, event_id, floor(extract(epoch FROM first_seen) * 1000)::bigint::text AS first_seen_ms
  FROM dead_letters WHERE shard = $1 AND out_seq > $2 AND out_seq <= $3 ORDER BY out_seq LIMIT $4`;

interface Row {
  readonly seq: string;
  readonly topic: string;
  readonly topic_id: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly detail: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Values in base64: they are bytes. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly user_id: string | null;
  readonly event_id: string | null;
  readonly first_seen_ms: string;
}

/** The dead letters of a shard, in number order. */
export async function readDeadLetters(
  pool: Pool,
  range: SeqRange,
): Promise<{ readonly seq: bigint; readonly letter: DeadLetterRow }[]> {
  const { rows } = await pool.query<Row>({
    name: 'streaks_output_letters',
    text: DEAD_LETTERS,
    values: valuesOf(range),
  });
  return rows.map(({ seq, topic_id, offset, headers, user_id, event_id, first_seen_ms, ...row }) => ({
    seq: BigInt(seq),
    letter: {
      ...row,
      topicId: topic_id,
      offset: BigInt(offset),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, values]) => [name, values.map((value) => Buffer.from(value, 'base64'))]),
      ),
      userId: user_id ?? undefined,
      eventId: event_id ?? undefined,
      firstSeenMs: Number(first_seen_ms),
    },
  }));
}

const valuesOf = ({ shard, afterSeq, untilSeq, limit }: SeqRange) => [
  shard,
  afterSeq.toString(),
  untilSeq.toString(),
  limit,
];
