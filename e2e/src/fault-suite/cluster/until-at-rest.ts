import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readProgress } from '../../state/wait-until-applied';

type AtRest = Pick<Pipeline, 'pool' | 'brokers' | 'topic' | 'otherInputTopics'>;

/**
 * Waits until every record in the log has been applied, the members of changed organisations evaluated, every change projected, and every row of the outbox
 * published.
 */
export async function untilAtRest(pipeline: AtRest, timeoutMs: number): Promise<void> {
  const { pool, brokers, otherInputTopics } = pipeline;
  const topics = [pipeline.topic, ...Object.values(otherInputTopics)];
  await waitFor(
    async () => {
      const progress = await Promise.all(topics.map((topic) => readProgress({ pool, brokers, topic })));
      const lag = progress.reduce((sum, one) => sum + one.lag, 0);
      const unprojected = progress[0]?.unprojected ?? 0;
      const { rows } = await pool.query<{ unpublished: string | null; jobs: string }>(
        `SELECT (SELECT sum(out_seq - published_seq) FROM outbox_shard) AS unpublished,
                (SELECT count(*) FROM reevaluations) AS jobs`,
      );
      const [unpublished, jobs] = [Number(rows[0]?.unpublished ?? 0), Number(rows[0]?.jobs)];
      if (lag === 0 && unprojected === 0 && unpublished === 0 && jobs === 0) return true;
      throw new Error(
        `${lag} records not applied, ${jobs} organisations not evaluated, ${unprojected} rows not projected, ${unpublished} not published`,
      );
    },
    { description: 'everything to be applied, projected and published', timeoutMs, intervalMs: 250 },
  );
}

/** Waits until the boards are there and nobody is marked whose state is newer than their place. */
export async function untilRanked(
  { redis, redisKeyPrefix }: Pick<Pipeline, 'redis' | 'redisKeyPrefix'>,
  timeoutMs: number,
): Promise<void> {
  await waitFor(
    async () => {
      const filled = await redis.exists(
        `${redisKeyPrefix}{board:focus}:generation`,
        `${redisKeyPrefix}{board:activity}:generation`,
      );
      const marked = await redis.keys(`${redisKeyPrefix}*:marked*`);
      if (filled === 2 && marked.length === 0) return true;
      throw new Error(`${filled} of 2 rules have boards, ${marked.length} buckets have marks`);
    },
    { description: 'the boards to follow the states', timeoutMs, intervalMs: 100 },
  );
}
