import type { Pool } from 'pg';
import type { ShardMark, StoredChange, StoredLetter } from '../collected-run';

/** The rows of the outbox and the marks of its shards. */
export interface StoredOutbox {
  readonly history: readonly StoredChange[];
  readonly letters: readonly StoredLetter[];
  readonly shards: readonly ShardMark[];
}

export async function readOutbox(pool: Pool): Promise<StoredOutbox> {
  return { history: await readHistory(pool), letters: await readLetters(pool), shards: await readShards(pool) };
}

async function readHistory(pool: Pool): Promise<StoredChange[]> {
  const { rows } = await pool.query<StoredChange>(
    `SELECT rule_id AS rule, user_id AS "userId", version::int, change_type AS "changeType",
            qualified_date::text AS "qualifiedDate", current_before AS "currentBefore", current_after AS "currentAfter",
            longest_before AS "longestBefore", longest_after AS "longestAfter",
            qualified_days_before AS "qualifiedDaysBefore", qualified_days_after AS "qualifiedDaysAfter",
            last_qualified_before::text AS "lastQualifiedBefore", last_qualified_after::text AS "lastQualifiedAfter",
            event_id::text AS "eventId", shard, out_seq::int AS "outSeq",
            json_build_object('topic', t.topic, 'partition', h.partition, 'offset', h."offset"::text) AS source
       FROM streak_history h LEFT JOIN (SELECT DISTINCT topic_id, topic FROM partition_progress) t USING (topic_id)
      ORDER BY user_id, rule_id, version`,
  );
  return rows;
}

async function readLetters(pool: Pool): Promise<StoredLetter[]> {
  const { rows } = await pool.query<StoredLetter>(
    `SELECT topic, topic_id::text AS "topicId", partition, "offset"::text, reason, encode(key, 'escape') AS key,
            user_id AS "userId", event_id AS "eventId", shard, out_seq::int AS "outSeq" FROM dead_letters`,
  );
  return rows;
}

async function readShards(pool: Pool): Promise<ShardMark[]> {
  const { rows } = await pool.query<ShardMark>(
    `SELECT shard, out_seq::int AS "outSeq", published_seq::int AS "publishedSeq", projected_seq::int AS "projectedSeq"
       FROM outbox_shard ORDER BY shard`,
  );
  return rows;
}
