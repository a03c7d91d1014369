import type { Admin } from 'kafkajs';
import type { Pool } from 'pg';
import { NIL_TOPIC_ID, type RebuildInput } from './rebuild-input';
import { type Positions, readLivePositions } from './schema/positions';
import type { RebuildSource } from './schema/rebuild-schema';

type Topic = Pick<RebuildInput, 'topic' | 'topicId'>;

export interface SourceFacts {
  readonly source: RebuildSource;
  /** Their ids as the cluster says now. */
  readonly topics: readonly Topic[];
}

const FROM_SESSIONS = 'use --from sessions';

/**
 * Where the replay of each topic begins: at the first record of every partition, or (from sessions) nowhere yet, as the stored
 * facts bring their positions.
 * @throws one clear line when the logs cannot be what the live tables came from
 */
export async function readStart(
  pool: Pool,
  admin: Admin,
  { source, topics }: SourceFacts,
): Promise<ReadonlyMap<string, Positions>> {
  const start = new Map<string, Positions>();
  for (const topic of topics) {
    const offsets = await admin.fetchTopicOffsets(topic.topic);
    await requireSameTopic(pool, topic);
    await requireReachable(pool, topic, offsets);
    if (source === 'sessions') continue;
    requireWhole(topic, offsets);
    start.set(topic.topic, new Map(offsets.map(({ partition, low }) => [partition, BigInt(low)])));
  }
  if (source === 'log') await requireOneLife(pool, topics);
  return start;
}

type Offsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>;

async function requireReachable(pool: Pool, { topic }: Topic, offsets: Offsets): Promise<void> {
  const live = await readLivePositions(pool, topic);
  for (const { partition, low, high } of offsets) {
    const position = live.get(partition);
    if (position === undefined) continue;
    if (position < BigInt(low) || position > BigInt(high)) {
      throw new Error(
        `partition ${partition} of ${topic} stands at ${position}, its log reaches from ${low} to ${high}: put that right first (docs/operations.md)`,
      );
    }
  }
}

function requireWhole({ topic }: Topic, offsets: Offsets): void {
  const cut = offsets.filter(({ low }) => BigInt(low) > 0n);
  const [first] = cut;
  if (first === undefined) return;
  throw new Error(
    `retention removed the beginning of ${cut.length} partitions of ${topic} (partition ${first.partition} begins at ${first.low}): the log cannot be the source, ${FROM_SESSIONS}`,
  );
}

/** Nothing that is stored came from a topic that had one of the names before. */
async function requireOneLife(pool: Pool, topics: readonly Topic[]): Promise<void> {
  const { rows } = await pool.query<{ has: boolean }>(
    `SELECT EXISTS (SELECT FROM streak_history WHERE topic_id <> ALL($1::uuid[]) AND topic_id <> '${NIL_TOPIC_ID}')
         OR EXISTS (SELECT FROM dead_letters d JOIN unnest($1::uuid[], $2::text[]) AS t(topic_id, topic)
                    ON d.topic = t.topic AND d.topic_id <> t.topic_id) AS has`,
    [topics.map(({ topicId }) => topicId), topics.map(({ topic }) => topic)],
  );
  if (rows[0]?.has) {
    throw new Error(
      `part of the history comes from an earlier topic ${topics[0]?.topic}: this log cannot be the source, ${FROM_SESSIONS}`,
    );
  }
}

async function requireSameTopic(pool: Pool, { topic, topicId }: Topic): Promise<void> {
  const { rows } = await pool.query<{ partition: number }>(
    'SELECT partition FROM partition_progress WHERE topic = $1 AND topic_id <> $2 LIMIT 1',
    [topic, topicId],
  );
  if (rows.length === 0) return;
  throw new Error(
    `the position of partition ${rows[0]?.partition} belongs to another topic of the name ${topic}: put that right first (docs/operations.md, TOPIC_RECREATED)`,
  );
}
