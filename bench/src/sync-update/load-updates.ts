import autocannon from 'autocannon';
import { percentile } from '../figures/percentile';
import { type CpuSeconds, watchCpu } from '../processes/cpu-seconds';

export interface UpdateTarget {
  readonly url: string;
  /** Whose CPU is measured, by name. */
  readonly pids: Readonly<Record<string, number>>;
}

export interface UpdateLoad {
  readonly users: number;
  readonly seconds: number;
}

export interface UpdateLoadResult {
  /** Updates answered with the streak. */
  readonly updates: number;
  /** Answered 202: the processor had not told in time. */
  readonly pending: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly cpu: CpuSeconds;
}

export const UPDATED = 200;
export const PENDING = 202;

/** Each connection is a user whose next update follows on the answer to the one before. @throws when an answer was neither 200 nor 202 */
export async function loadUpdates({ url, pids }: UpdateTarget, load: UpdateLoad): Promise<UpdateLoadResult> {
  const times: number[] = [];
  let pending = 0;
  let user = 0;
  const watch = watchCpu(pids);
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const running = autocannon(
      {
        url: `${url}/api/streak/update`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        connections: load.users,
        duration: load.seconds,
        timeout: 30,
        setupClient(client) {
          client.setBody(JSON.stringify({ userId: userIdOf(user), timezone: 'UTC' }));
          user += 1;
        },
      },
      (error: unknown, ended) => (error ? reject(error) : resolve(ended)),
    );
    running.on('response', (_client, status, _bytes, responseMs) => {
      if (status === UPDATED) times.push(responseMs);
      if (status === PENDING) pending += 1;
    });
  });
  const cpu = watch.stop();
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  }
  return {
    updates: times.length,
    pending,
    perSecond: times.length / result.duration,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
    cpu,
  };
}

export function userIdOf(user: number): string {
  return `update-${user}`;
}
