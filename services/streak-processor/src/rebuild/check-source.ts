import type { Admin } from 'kafkajs';
import type { Pool } from 'pg';
import { NIL_TOPIC_ID } from './correct-streaks';
import { type Positions, type RebuildSource, readLivePositions } from './rebuild-schema';

export interface SourceFacts {
  readonly source: RebuildSource;
  readonly topic: string;
  /** As the cluster says now. */
  readonly topicId: string;
}

const FROM_SESSIONS = 'use --from sessions';

/**
 * Where a replay begins: at the first record of every partition, or (from sessions) nowhere yet, as those bring their positions.
 * @throws one clear line when the log cannot be what the live tables came from
 */
export async function readStart(pool: Pool, admin: Admin, facts: SourceFacts): Promise<Positions> {
  const { source, topic, topicId } = facts;
  const offsets = await admin.fetchTopicOffsets(topic);
  const live = await readLivePositions(pool, topic);
  await requireSameTopic(pool, facts);
  for (const { partition, low, high } of offsets) {
    const position = live.get(partition);
    if (position === undefined) continue;
    if (position < BigInt(low) || position > BigInt(high)) {
      throw new Error(
        `partition ${partition} stands at ${position}, its log reaches from ${low} to ${high}: put that right first (docs/operations.md)`,
      );
    }
  }
  if (source === 'sessions') return new Map();
  const cut = offsets.filter(({ low }) => BigInt(low) > 0n);
  if (cut.length > 0) {
    const [first] = cut;
    throw new Error(
      `retention removed the beginning of ${cut.length} partitions of ${topic} (partition ${first?.partition} begins at ${first?.low}): the log cannot be the source, ${FROM_SESSIONS}`,
    );
  }
  const { rows } = await pool.query<{ has: boolean }>(
    `SELECT EXISTS (SELECT FROM streak_history WHERE topic_id NOT IN ($1, '${NIL_TOPIC_ID}'))
         OR EXISTS (SELECT FROM dead_letters WHERE topic = $2 AND topic_id <> $1) AS has`,
    [topicId, topic],
  );
  if (rows[0]?.has) {
    throw new Error(
      `part of the history comes from an earlier topic ${topic}: this log cannot be the source, ${FROM_SESSIONS}`,
    );
  }
  return new Map(offsets.map(({ partition, low }) => [partition, BigInt(low)]));
}

async function requireSameTopic(pool: Pool, { topic, topicId }: SourceFacts): Promise<void> {
  const { rows } = await pool.query<{ partition: number }>(
    'SELECT partition FROM partition_progress WHERE topic = $1 AND topic_id <> $2 LIMIT 1',
    [topic, topicId],
  );
  if (rows.length === 0) return;
  throw new Error(
    `the position of partition ${rows[0]?.partition} belongs to another topic of the name ${topic}: put that right first (docs/operations.md, TOPIC_RECREATED)`,
  );
}
