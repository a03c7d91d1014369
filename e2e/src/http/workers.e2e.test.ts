import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { serviceCommand } from '@streaks/local-stack/services/service-command';
import { repositoryRoot } from '@streaks/testing/repository';
import { freePort, type ServiceName } from '@streaks/testing/spawn-service';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { dailySession } from '../producers/session-factory';
import { toJson } from '../producers/session-producer';
import { readMetric } from './read-metric';
import { requestJson } from './request-json';

type Edge = { readonly url: string; readonly pid: number };

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await startPipeline({ processors: 0, ingest: true, queryApi: true, env: { HTTP_WORKERS: '2' } });
}, 60_000);

afterAll(() => pipeline?.stop(), 60_000);

function edge(name: 'ingest' | 'queryApi'): Edge {
  const service = pipeline[name];
  if (service === undefined) throw new Error(`no ${name}`);
  return service;
}

function workersOf({ pid }: Pick<Edge, 'pid'>): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function isRunning(pid: number): boolean {
  try {
    // A zombie still has a process id; its state tells.
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const isComplete = async (service: Edge): Promise<boolean> => {
  const { status, body } = await requestJson(`${service.url}/health`);
  const { workers } = body as { readonly workers?: { readonly answering: number; readonly expected: number } };
  return status === 200 && workers?.answering === 2 && workers.expected === 2;
};

const untilComplete = (service: Edge) =>
  waitFor(() => isComplete(service), { description: 'both workers to answer', timeoutMs: 30_000 });

/** A connection of its own, so that the primary may give it to any worker. */
const ask = (service: Edge, path: string, init: RequestInit = {}) =>
  requestJson(`${service.url}${path}`, { ...init, headers: { connection: 'close', ...init.headers } });

/** The built service as a person would start it, in a process group of its own. */
function startAlone(name: ServiceName, port: number, workers: string): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, [...serviceCommand(repositoryRoot, name)], {
    cwd: repositoryRoot,
    detached: true,
    env: { ...process.env, ...pipeline.environment, NODE_OPTIONS: '', PORT: String(port), HTTP_WORKERS: workers },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return child as ChildProcess & { readonly pid: number };
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

describe('a service with HTTP_WORKERS=2', () => {
  it('answers health and metrics for all its workers, whichever is asked', async () => {
    const queryApi = edge('queryApi');
    await untilComplete(queryApi);
    const route = '/users/:userId/streak';
    await Promise.all(Array.from({ length: 40 }, (_, n) => ask(queryApi, `/users/user-${n}/streak`)));
    await waitFor(
      async () =>
        (await readMetric(queryApi, 'streaks_http_request_duration_seconds_count', { route, status: '200' })) === 40,
      { description: 'all 40 requests in the metrics' },
    );
    // The lowest of all workers, not their sum.
    expect(await readMetric(queryApi, 'streaks_query_store_up', { store: 'redis' })).toBe(1);
  }, 60_000);

  it('takes sessions in both workers', async () => {
    const ingest = edge('ingest');
    await untilComplete(ingest);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask(ingest, '/sessions', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: toJson(dailySession('workers', n)),
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    await waitFor(async () => (await readMetric(ingest, 'streaks_ingest_sessions_total')) === 20, {
      description: 'all 20 sessions in the metrics',
    });
  }, 60_000);

  it('starts a worker again that was killed, and answers meanwhile', async () => {
    const queryApi = edge('queryApi');
    await untilComplete(queryApi);
    const [killed] = workersOf(queryApi);
    if (killed === undefined) throw new Error('no worker');
    // Connections on their way to the worker when it dies are reset or go to the other one; none is left without an end.
    const ends = Array.from({ length: 60 }, async (_, n) => {
      if (n === 20) process.kill(killed, 'SIGKILL');
      const answer = ask(queryApi, '/health/live', { signal: AbortSignal.timeout(15_000) });
      return answer.then(
        ({ status }) => status,
        (error: unknown) => (error instanceof Error && error.name === 'TimeoutError' ? 'hangs' : 'reset'),
      );
    });
    expect(await Promise.all(ends)).not.toContain('hangs');
    await waitFor(() => !isRunning(killed), { description: 'the worker to be gone' });
    await waitFor(async () => (await ask(queryApi, '/users/user-1/streak')).status === 200, {
      description: 'the other worker to answer',
      timeoutMs: 2_000,
    });
    await untilComplete(queryApi);
    expect(workersOf(queryApi)).not.toContain(killed);
    expect(await readMetric(queryApi, 'streaks_http_worker_restarts_total')).toBe(1);
  }, 60_000);

  it('says in one line that its port is in use, and ends with 1', async () => {
    const port = Number(new URL(edge('queryApi').url).port);
    const child = startAlone('query-api', port, '2');
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    expect(await endOf(child)).toBe(1);
    expect(errors).toBe(`query-api cannot start: port ${port} on 127.0.0.1 is in use by another process\n`);
  }, 60_000);

  it.each([
    ['Ctrl-C, which a terminal sends to every process', 'SIGINT', 'group', 0],
    ['SIGTERM to the primary', 'SIGTERM', 'primary', 0],
    ['SIGKILL to the primary', 'SIGKILL', 'primary', null],
  ] as const)(
    'leaves no process behind after %s',
    async (_name, signal, target, code) => {
      const service = { port: await freePort() };
      const child = startAlone('query-api', service.port, 'auto');
      const ended = endOf(child);
      const started = { url: `http://127.0.0.1:${service.port}`, pid: child.pid };
      try {
        await waitFor(async () => (await requestJson(`${started.url}/health`)).status === 200, {
          description: 'the service to answer',
          timeoutMs: 30_000,
        });
        const workers = workersOf(started);
        expect(workers.length).toBeGreaterThan(0);
        process.kill(target === 'group' ? -child.pid : child.pid, signal);
        expect(await ended).toBe(code);
        await waitFor(() => workers.every((pid) => !isRunning(pid)), { description: 'the workers to be gone' });
      } finally {
        child.kill('SIGKILL');
      }
    },
    60_000,
  );

  it('finishes what it was asked when told to stop, drains every worker, and ends with 0', async () => {
    const { ingest } = pipeline;
    if (ingest === undefined) throw new Error('no ingest');
    await untilComplete(ingest);
    const workers = workersOf(ingest);
    let accepted = 0;
    let isStopping = false;
    const faults: unknown[] = [];
    const client = async (number: number): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const body = toJson({ ...dailySession(`drain-${number}`, n % 200), sessionId: `drain-${number}-${n}` });
        const headers = { 'content-type': 'application/json' };
        const answer = await requestJson(`${ingest.url}/sessions`, { method: 'POST', headers, body }).catch(
          () => 'cut',
        );
        if (answer === 'cut') return;
        const { status, body: problem } = answer as Exclude<typeof answer, string>;
        if (status !== 202) {
          const { code } = problem as { readonly code?: string };
          if (!isStopping || code !== 'STREAKS_SHUTTING_DOWN') faults.push(problem);
          return;
        }
        accepted += 1;
      }
    };
    const clients = Array.from({ length: 10 }, (_, number) => client(number));
    await waitFor(() => accepted > 200, { description: '200 sessions', timeoutMs: 30_000 });
    isStopping = true;
    expect(await ingest.stop()).toEqual({ code: 0, signal: null });
    await Promise.all(clients);
    expect(faults).toEqual([]);
    expect(workers.filter(isRunning)).toEqual([]);
  }, 60_000);
});
