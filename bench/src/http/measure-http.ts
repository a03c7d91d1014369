import { extname, join } from 'node:path';
import { spawnService } from '@streaks/testing/spawn-service';
import { startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import type { Request } from 'autocannon';
import { readBacklogMarks } from '../backlog/backlog-marks';
import { openAvroProducer } from '../backlog/produce-avro';
import type { BenchContext } from '../bench-context';
import type { DataSet } from '../data-set/generate-data-set';
import { medianBy } from '../figures/median';
import { perSecond } from '../printing/print-results';
import { descendantsOf } from '../processes/process-tree';
import { spawnProcess } from '../processes/spawned-process';
import { sessionRequests, streakRequests } from './http-requests';
import { type HttpLoadResult, loadHttp } from './load-http';

export interface HttpComparison {
  readonly route: 'GET /users/{id}/streak' | 'POST /sessions';
  /** Processes that each of the two was told to serve with. */
  readonly workers: number;
  /** Processes that the service had: 1 when it does not take the setting. */
  readonly processes: number;
  readonly ours: HttpLoadResult;
  readonly bare: HttpLoadResult;
  /** Requests a second of ours over those of the bare route. */
  readonly ratio: number;
  /** CPU of a bare request over that of ours: the same ratio where the machine is not ours alone. */
  readonly cpuRatio: number;
}

export interface MeasureHttpOptions {
  readonly secondsEach: number;
  readonly workers: readonly number[];
}

const FILL_SESSIONS = 20_000;
const DISTINCT_REQUESTS = 1_000;
const WARM_UP_SECONDS = 2;
const START_TIMEOUT_MS = 20_000;
const FILL_TIMEOUT_MS = 120_000;

/** query-api and ingest beside bare Express routes: the same requests, the same client, in turn. */
export async function measureHttp(
  dataSet: DataSet,
  { secondsEach, workers }: MeasureHttpOptions,
  context: BenchContext,
): Promise<readonly HttpComparison[]> {
  const env = { LOG_LEVEL: 'warn', ...context.serviceEnv };
  const pipeline = await startPipeline({ partitions: dataSet.partitionCount, env });
  try {
    const sessions = dataSet.events.slice(0, FILL_SESSIONS);
    await fill(pipeline, sessions);
    await Promise.all(pipeline.processors.map((processor) => processor.stop()));
    const userIds = [...new Set(sessions.map(({ userId }) => userId))].slice(0, DISTINCT_REQUESTS);
    const cases = [
      { route: 'GET /users/{id}/streak', service: 'query-api', requests: streakRequests(userIds) },
      { route: 'POST /sessions', service: 'ingest', requests: sessionRequests(sessions.slice(0, DISTINCT_REQUESTS)) },
    ] as const;
    const results: HttpComparison[] = [];
    for (const { route, service, requests } of cases) {
      for (const count of workers) {
        const serviceEnv = { ...pipeline.environment, HTTP_WORKERS: String(count) };
        const spawned = await spawnService({ name: service, env: serviceEnv });
        try {
          const answer = service === 'query-api' ? await getText(`${spawned.url}${requests[0]?.path}`) : '{}';
          const sides = { ours: { url: spawned.url, pid: spawned.pid, requests }, secondsEach, workers: count };
          const comparison = { route, ...(await compare(sides, answer, context)) };
          context.print(describeComparison(comparison));
          results.push(comparison);
        } finally {
          await spawned.stop();
        }
      }
    }
    return results;
  } finally {
    await pipeline.stop();
  }
}

interface Sides {
  readonly ours: { readonly url: string; readonly pid: number; readonly requests: readonly Request[] };
  readonly secondsEach: number;
  readonly workers: number;
}

async function compare(
  { ours, secondsEach, workers }: Sides,
  answer: string,
  { runs }: BenchContext,
): Promise<Omit<HttpComparison, 'route'>> {
  const script = join(__dirname, `bare-express-main${extname(__filename)}`);
  const bare = spawnProcess(process.execPath, [...process.execArgv, script], {
    BARE_ANSWER: answer,
    BARE_WORKERS: String(workers),
    NODE_ENV: 'production',
  });
  try {
    const target = { ...ours, url: `http://127.0.0.1:${await bare.nextLine(START_TIMEOUT_MS)}`, pid: bare.pid };
    await loadHttp(ours, WARM_UP_SECONDS);
    await loadHttp(target, WARM_UP_SECONDS);
    const results = { ours: [] as HttpLoadResult[], bare: [] as HttpLoadResult[] };
    for (let run = 0; run < runs; run += 1) {
      results.ours.push(await loadHttp(ours, secondsEach));
      results.bare.push(await loadHttp(target, secondsEach));
    }
    const [mine, base] = [medianBy(results.ours, rateOf), medianBy(results.bare, rateOf)];
    return {
      workers,
      processes: Math.max(1, descendantsOf(ours.pid).length),
      ours: mine,
      bare: base,
      ratio: mine.perSecond / base.perSecond,
      cpuRatio: base.cpuMicrosecondsEach / mine.cpuMicrosecondsEach,
    };
  } finally {
    await bare.stop();
  }
}

const rateOf = (result: HttpLoadResult): number => result.perSecond;

function describeComparison({ route, workers, processes, ours, bare, ratio, cpuRatio }: HttpComparison): string {
  const note = processes === workers ? '' : ` (it ran ${processes}: HTTP_WORKERS was not taken)`;
  return (
    `${route}, ${workers} process${workers === 1 ? '' : 'es'}${note}: ${perSecond(ours.perSecond)}, bare Express ` +
    `${perSecond(bare.perSecond)}, ratio ${ratio.toFixed(2)}; CPU a request ${ours.cpuMicrosecondsEach.toFixed(0)} µs, ` +
    `bare ${bare.cpuMicrosecondsEach.toFixed(0)} µs, ratio ${cpuRatio.toFixed(2)}`
  );
}

async function fill(pipeline: Awaited<ReturnType<typeof startPipeline>>, sessions: DataSet['events']): Promise<void> {
  const producer = await openAvroProducer({
    brokers: pipeline.brokers,
    topic: pipeline.topic,
    registryUrl: pipeline.environment['SCHEMA_REGISTRY_URL'] ?? '',
  });
  try {
    await producer.send(sessions);
  } finally {
    await producer.close();
  }
  await waitFor(
    async () => {
      const { applied, unprojected } = await readBacklogMarks(pipeline.pool, pipeline.topic);
      return applied >= sessions.length && unprojected === 0;
    },
    { description: 'the users of the HTTP section to be there', timeoutMs: FILL_TIMEOUT_MS },
  );
}

async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
