import { startPipeline } from '@streaks/testing/start-pipeline';
import type { BenchContext } from '../bench-context';
import { assertStoredResult, type ResultChecksum } from '../data-set/expected-result';
import { prefillStore } from '../prefill/prefill-store';
import type { Prefill } from '../prefill/prefill-users';
import { type BacklogResult, drainBacklog } from './drain-backlog';
import type { InputTopic } from './input-topic';

export interface MeasureBacklogOptions extends Pick<BenchContext, 'serverPids' | 'serviceEnv'> {
  /** What the tables hold before; `expected` counts it in. */
  readonly prefill?: Prefill | undefined;
  readonly processors?: number;
}

/**
 * One run: a database of its own, fresh processors (one), the whole topic.
 * @throws when the result differs from the expected one, worked out apart
 */
export async function measureBacklog(
  input: InputTopic,
  expected: ResultChecksum,
  { serverPids, serviceEnv, prefill, processors = 1 }: MeasureBacklogOptions,
): Promise<BacklogResult> {
  const pipeline = await startPipeline({
    processors: 0,
    partitions: input.partitions,
    env: { LOG_LEVEL: 'warn', ...serviceEnv },
  });
  try {
    const publishedBefore = prefill === undefined ? 0 : await prefillStore(pipeline, prefill);
    await pipeline.pool.query('CHECKPOINT');
    const result = await drainBacklog(pipeline, input, { serverPids, publishedBefore, processors });
    await assertStoredResult(pipeline.pool, expected);
    return result;
  } finally {
    await pipeline.stop();
  }
}
