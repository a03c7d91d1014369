import { withAdmin } from '@streaks/testing/fresh-topic';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';

export type Progressing = Pick<Pipeline, 'pool' | 'brokers' | 'topic'>;

export interface Progress {
  /** Records that Postgres has not passed, over all partitions; control records count. */
  readonly lag: number;
  /** Changes that Redis does not have. */
  readonly unprojected: number;
}

/** How far the pipeline is, read from Kafka and Postgres themselves and not from what it says of itself. */
export async function readProgress({ pool, brokers, topic }: Progressing): Promise<Progress> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  const { rows } = await pool.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM partition_progress WHERE topic = $1',
    [topic],
  );
  const applied = new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
  const shards = await pool.query<{ rest: string }>('SELECT sum(out_seq - projected_seq) AS rest FROM outbox_shard');
  return {
    lag: ends.reduce((sum, { partition, high }) => sum + Number(high) - (applied.get(partition) ?? 0), 0),
    unprojected: Number(shards.rows[0]?.rest ?? 0),
  };
}

/** Waits until every record in the topic has been applied and every change is in Redis. */
export async function waitUntilApplied(pipeline: Progressing, timeoutMs = 60_000): Promise<void> {
  await waitFor(
    async () => {
      const { lag, unprojected } = await readProgress(pipeline);
      if (lag === 0 && unprojected === 0) return true;
      throw new Error(`${lag} records not applied, ${unprojected} changes not projected`);
    },
    { description: 'everything to be applied and projected', timeoutMs, intervalMs: 250 },
  );
}
