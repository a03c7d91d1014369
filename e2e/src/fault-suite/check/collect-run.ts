import type { Pipeline } from '@streaks/testing/start-pipeline';
import type { Pool } from 'pg';
import { readRedisStreaks, readStreakRows } from '../../state/read-state';
import type { CollectedRun, ShardMark, StoredChange, StoredLetter, StoredSession, StoredTotal } from './collected-run';
import { type OutputTopics, readPublished } from './read-published';

export type CollectedFrom = Pick<Pipeline, 'pool' | 'redis' | 'redisKeyPrefix' | 'brokers' | 'environment'> & {
  readonly topics: OutputTopics;
};

/** Reads all that a run left behind. To be called at rest: everything applied, projected and published. */
export async function collectRun(from: CollectedFrom): Promise<CollectedRun> {
  const { pool } = from;
  return {
    sessions: await readSessions(pool),
    totals: await readTotals(pool),
    streaks: await readStreakRows(from),
    history: await readChanges(pool),
    letters: await readLetters(pool),
    shards: await readShards(pool),
    redis: await readRedisStreaks(from),
    published: await readPublished({
      brokers: from.brokers,
      registryUrl: from.environment['SCHEMA_REGISTRY_URL'] ?? '',
      topics: from.topics,
    }),
  };
}

async function readSessions(pool: Pool): Promise<StoredSession[]> {
  const { rows } = await pool.query<StoredSession>(
    `SELECT user_id AS "userId", session_id AS "sessionId", (extract(epoch FROM start_time) * 1000)::float8 AS "startMs",
            (extract(epoch FROM end_time) * 1000)::float8 AS "endMs", timezone FROM focus_sessions`,
  );
  return rows;
}

async function readTotals(pool: Pool): Promise<StoredTotal[]> {
  const { rows } = await pool.query<StoredTotal>(
    `SELECT user_id AS "userId", local_date::text AS date, total::float8 AS "totalMs",
            (extract(epoch FROM latest_end) * 1000)::float8 AS "latestEndMs", latest_id AS "latestId",
            latest_timezone AS "latestTimezone"
       FROM daily_totals WHERE rule_id = 'focus'`,
  );
  return rows;
}

async function readChanges(pool: Pool): Promise<StoredChange[]> {
  const { rows } = await pool.query<StoredChange>(
    `SELECT user_id AS "userId", version::int, qualified_date::text AS "qualifiedDate",
            current_before AS "currentBefore", current_after AS "currentAfter",
            longest_before AS "longestBefore", longest_after AS "longestAfter",
            qualified_days_before AS "qualifiedDaysBefore", qualified_days_after AS "qualifiedDaysAfter",
            last_qualified_before::text AS "lastQualifiedBefore", last_qualified_after::text AS "lastQualifiedAfter",
            event_id::text AS "eventId", shard, out_seq::int AS "outSeq"
       FROM streak_history WHERE rule_id = 'focus' ORDER BY user_id, version`,
  );
  return rows;
}

async function readLetters(pool: Pool): Promise<StoredLetter[]> {
  const { rows } = await pool.query<StoredLetter>(
    `SELECT topic_id::text AS "topicId", partition, "offset"::text, reason, encode(key, 'escape') AS key,
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
