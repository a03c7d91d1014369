import { join } from 'node:path';
import { startPipeline } from '@streaks/testing/start-pipeline';
import { drainBacklog } from '../backlog/drain-backlog';
import type { InputTopic } from '../backlog/input-topic';
import type { BenchContext } from '../bench-context';
import { perSecond } from '../printing/print-results';
import { describeProfiles, describeStatements, profilingEnv, startStatements } from './profile-run';

/** One backlog with profiles of the processor's threads and of Postgres' statements. Its rates are those of a profiled run: no figures. */
export async function profileBacklog(input: InputTopic, context: BenchContext): Promise<void> {
  const profileDir = join(context.dir, 'profiles');
  const pipeline = await startPipeline({
    processors: 0,
    partitions: input.partitions,
    env: { LOG_LEVEL: 'warn', ...context.serviceEnv, ...profilingEnv(profileDir) },
  });
  try {
    await startStatements(pipeline.pool);
    const result = await drainBacklog(pipeline, input, {
      serverPids: context.serverPids,
      publishedBefore: 0,
      processors: 1,
    });
    context.print(`profiled run: ${perSecond(result.projectedPerSecond)} applied and projected`);
    context.print(await describeStatements(pipeline.pool));
  } finally {
    await pipeline.stop();
  }
  context.print(describeProfiles(profileDir));
}
