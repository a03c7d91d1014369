import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readProgress } from '../../state/wait-until-applied';

/** Waits until every record in the log has been applied, every change projected, and every row of the outbox published. */
export async function untilAtRest(
  pipeline: Pick<Pipeline, 'pool' | 'brokers' | 'topic'>,
  timeoutMs: number,
): Promise<void> {
  await waitFor(
    async () => {
      const { lag, unprojected } = await readProgress(pipeline);
      const { rows } = await pipeline.pool.query<{ rest: string }>(
        'SELECT sum(out_seq - published_seq) AS rest FROM outbox_shard',
      );
      const unpublished = Number(rows[0]?.rest ?? 0);
      if (lag === 0 && unprojected === 0 && unpublished === 0) return true;
      throw new Error(`${lag} records not applied, ${unprojected} rows not projected, ${unpublished} not published`);
    },
    { description: 'everything to be applied, projected and published', timeoutMs, intervalMs: 250 },
  );
}
