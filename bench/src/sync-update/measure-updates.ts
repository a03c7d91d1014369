import { extname, join } from 'node:path';
import { startPipeline } from '@streaks/testing/start-pipeline';
import type { BenchContext } from '../bench-context';
import { medianBy } from '../figures/median';
import { spawnProcess } from '../processes/spawned-process';
import { checkUpdates } from './check-updates';
import { describePart } from './describe-updates';
import { loadUpdates, type UpdateLoadResult, type UpdateTarget } from './load-updates';
import { type BatchedResult, measureBatched } from './measure-batched';
import { paceUpdates } from './pace-updates';

export interface UpdatesResult {
  readonly users: number;
  /** `POST /api/streak/update` of all users, each once a second, spread over it. */
  readonly paced: UpdateLoadResult;
  /** The same as fast as they are answered. */
  readonly flatOut: UpdateLoadResult;
  /** A bare Express route that parses the same JSON and waits for nobody. */
  readonly bare: UpdateLoadResult;
  readonly batched: BatchedResult;
}

const USERS = 1_000;
const PARTITIONS = 12;
/** Until the compilers of Kafka and of V8 are done: with batches as small as those that are measured it takes them longer. */
const WARM_UP_SECONDS = 30;
const START_TIMEOUT_MS = 20_000;

/** A thousand users who update their streak over HTTP and wait for it, beside a bare route; then check-ins batched over Kafka. */
export async function measureUpdates(
  { secondsEach }: { readonly secondsEach: number },
  context: BenchContext,
): Promise<UpdatesResult> {
  const env = { LOG_LEVEL: 'warn', ...context.serviceEnv };
  const pipeline = await startPipeline({ partitions: PARTITIONS, ingest: true, env });
  const script = join(__dirname, '..', 'http', `bare-express-main${extname(__filename)}`);
  const bareProcess = spawnProcess(process.execPath, [...process.execArgv, script], { NODE_ENV: 'production' });
  try {
    const bareUrl = `http://127.0.0.1:${await bareProcess.nextLine(START_TIMEOUT_MS)}`;
    const processorPid = pipeline.processors[0]?.pid ?? -1;
    const servers = { ...context.serverPids, processor: processorPid };
    const ours: UpdateTarget = {
      url: pipeline.ingest?.url ?? '',
      pids: { ...servers, ingest: pipeline.ingest?.pid ?? -1, bench: process.pid },
    };
    const bare: UpdateTarget = { url: bareUrl, pids: { 'bare Express': bareProcess.pid, bench: process.pid } };
    const flatOut = { users: USERS, seconds: secondsEach };

    await loadUpdates(bare, { ...flatOut, seconds: 2 });
    const answered = [await paceUpdates(ours, { ...flatOut, seconds: WARM_UP_SECONDS })];
    const paced = await paceUpdates(ours, flatOut);
    context.print(describePart('updates, each user once a second', paced));
    const sides = { ours: [] as UpdateLoadResult[], bare: [] as UpdateLoadResult[] };
    for (let run = 0; run < context.runs; run += 1) {
      sides.ours.push(await loadUpdates(ours, flatOut));
      sides.bare.push(await loadUpdates(bare, flatOut));
    }
    answered.push(paced, ...sides.ours);
    const updates = answered.reduce((sum, load) => sum + load.updates + load.pending, 0);
    await checkUpdates(pipeline.pool, { users: USERS, updates });
    const [mine, base] = [medianBy(sides.ours, rateOf), medianBy(sides.bare, rateOf)];
    context.print(describePart('updates, as fast as they are answered', mine));
    context.print(describePart('the same on bare Express', base));
    const batched = await measureBatched(pipeline, { ...servers, bench: process.pid });
    return { users: USERS, paced, flatOut: mine, bare: base, batched };
  } finally {
    await bareProcess.stop();
    await pipeline.stop();
  }
}

const rateOf = (result: UpdateLoadResult): number => result.perSecond;
