import type { ClientBase } from 'pg';
import type { NumberedRejection, Rejected } from '../projection';
import type { Queryable } from './progress';

/** A shard's marks: `outSeq` numbers its rows without gaps in commit order, `projectedSeq` is how far the sink has them. */
export interface ShardMarks {
  readonly shard: number;
  readonly outSeq: bigint;
  readonly projectedSeq: bigint;
}

export interface LockedShards {
  /** The last number given in each shard. */
  readonly lastNumbers: Map<number, bigint>;
  /** `now()` of the transaction, cut to milliseconds. */
  readonly recordedAtMs: number;
}

/** Locks the shards in order. */
export async function lockShards(client: ClientBase, shards: readonly number[]): Promise<LockedShards> {
  const result = await client.query<{ shard: number; out_seq: string; now_ms: string }>({
    name: 'eo_lock_shards',
    text: `SELECT shard, out_seq, floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms
           FROM outbox_shard WHERE shard = ANY($1::int[]) ORDER BY shard FOR UPDATE`,
    values: [shards],
  });
  if (result.rows.length !== shards.length) {
    throw new Error(`outbox_shard has ${result.rows.length} of the ${shards.length} shards ${shards.join(', ')}`);
  }
  return {
    lastNumbers: new Map(result.rows.map((row) => [row.shard, BigInt(row.out_seq)])),
    recordedAtMs: Number(result.rows[0]?.now_ms ?? 0),
  };
}

export async function advanceShards(client: ClientBase, lastNumbers: ReadonlyMap<number, bigint>): Promise<void> {
  await client.query({
    name: 'eo_advance_shards',
    text: `UPDATE outbox_shard o SET out_seq = m.out_seq
           FROM unnest($1::int[], $2::bigint[]) AS m(shard, out_seq) WHERE o.shard = m.shard`,
    values: [[...lastNumbers.keys()], [...lastNumbers.values()].map(String)],
  });
}

const MAX_DETAIL_CHARACTERS = 2_000;
/** An id may be bad for its very length, and both are in an index whose rows end at 2,704 bytes. */
const MAX_ID_CHARACTERS = 200;
/** A topic that keeps the producer's time has any number there; the last millisecond of the year 9999 still is a date everywhere. */
const MAX_TIMESTAMP_MS = 253_402_300_799_999;

/** Keeps the original bytes. A repeat of the same position (a rebuild) keeps the first row. */
export async function insertDeadLetters(client: ClientBase, letters: readonly NumberedRejection[]): Promise<void> {
  const rows = letters.map(({ shard, seq, rejected: { source, rejection } }) => ({
    topic_id: source.topicId,
    partition: source.partition,
    offset: source.offset.toString(),
    topic: source.topic,
    reason: rejection.reason,
    detail: storableText(rejection.detail, MAX_DETAIL_CHARACTERS),
    key: source.key === null ? null : `\\x${source.key.toString('hex')}`,
    value: source.value === null ? null : `\\x${source.value.toString('hex')}`,
    headers: headersAsText(source.headers),
    user_id: rejection.userId === undefined ? null : storableText(rejection.userId, MAX_ID_CHARACTERS),
    event_id: rejection.eventId === undefined ? null : storableText(rejection.eventId, MAX_ID_CHARACTERS),
    record_time: new Date(Math.min(Math.max(source.timestampMs, 0), MAX_TIMESTAMP_MS)).toISOString(),
    shard,
    out_seq: seq.toString(),
  }));
  await client.query(
    `INSERT INTO dead_letters (topic_id, partition, "offset", topic, reason, detail, key, value, headers, user_id, event_id, record_time, shard, out_seq)
     SELECT topic_id, partition, "offset", topic, reason, detail, key, value, headers, user_id, event_id, record_time, shard, out_seq
     FROM jsonb_to_recordset($1::jsonb) AS r(topic_id uuid, partition int, "offset" bigint, topic text, reason text, detail text,
       key bytea, value bytea, headers jsonb, user_id text, event_id text, record_time timestamptz, shard int, out_seq bigint)
     ON CONFLICT (topic_id, partition, "offset") DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

/**
 * Postgres text holds neither NUL nor lone surrogates; what is wrong with a record must not make its dead letter
 * unstorable. Cut first: the cut itself may part a surrogate pair.
 */
const storableText = (text: string, maxCharacters = text.length): string =>
  text.slice(0, maxCharacters).toWellFormed().replaceAll('\u0000', '\uFFFD');

/** Header values are bytes: kept as base64 so that any can be replayed; names are kept as text. */
function headersAsText(headers: Rejected['source']['headers']): Record<string, string[]> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const values = value === undefined ? [] : isList(value) ? value : [value];
    return [storableText(name), values.map((v) => Buffer.from(v).toString('base64'))] as const;
  });
  return Object.fromEntries(entries);
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

export async function readShardMarks(client: Queryable, shards: readonly number[]): Promise<ShardMarks[]> {
  const result = await client.query<{ shard: number; out_seq: string; projected_seq: string }>(
    'SELECT shard, out_seq, projected_seq FROM outbox_shard WHERE shard = ANY($1::int[]) ORDER BY shard',
    [shards],
  );
  return result.rows.map((row) => ({
    shard: row.shard,
    outSeq: BigInt(row.out_seq),
    projectedSeq: BigInt(row.projected_seq),
  }));
}

/**
 * Moves the marks of those shards that no transaction holds right now, and returns the shards moved. A mark is only a
 * saving: waiting for an applier's lock, or making it wait for ours, would cost more than writing it a moment later.
 */
export async function moveProjectedMarks(
  client: Queryable,
  marks: ReadonlyMap<number, bigint>,
): Promise<ReadonlySet<number>> {
  const result = await client.query<{ shard: number }>(
    `WITH free AS (SELECT shard FROM outbox_shard WHERE shard = ANY($1::int[]) ORDER BY shard FOR UPDATE SKIP LOCKED)
     UPDATE outbox_shard o SET projected_seq = GREATEST(o.projected_seq, m.seq)
     FROM free JOIN unnest($1::int[], $2::bigint[]) AS m(shard, seq) ON m.shard = free.shard
     WHERE o.shard = free.shard RETURNING o.shard`,
    [[...marks.keys()], [...marks.values()].map(String)],
  );
  return new Set(result.rows.map((row) => row.shard));
}
