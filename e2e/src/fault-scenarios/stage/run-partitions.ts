import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@streaks/testing/repository';
import type { Pipeline } from '@streaks/testing/start-pipeline';

const run = promisify(execFile);
const COMMAND = 'services/streak-processor/dist/operations/partitions-main.js';

/** `npm run partitions -- <line> --yes` on this pipeline; rejects with what it said when it did not do it. */
export async function runPartitions(
  { environment }: Pick<Pipeline, 'environment'>,
  line: string,
): Promise<{ readonly stdout: string }> {
  const words = [...line.split(' '), '--yes', '--reason', 'fault scenario'];
  return run(process.execPath, [join(repositoryRoot, COMMAND), ...words], {
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    timeout: 60_000,
  });
}
