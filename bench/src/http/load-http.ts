import autocannon from 'autocannon';
import { type CpuSeconds, watchCpu } from '../processes/cpu-seconds';

export interface HttpTarget {
  readonly url: string;
  /** The server, its worker processes below it. */
  readonly pid: number;
  readonly requests: readonly autocannon.Request[];
}

export interface HttpLoadResult {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** CPU of the server for each request, all its processes together, in microseconds. */
  readonly cpuMicrosecondsEach: number;
  readonly cpu: CpuSeconds;
}

const CONNECTIONS = 64;

/** As many requests as 64 connections get answered. @throws when one was not answered 2xx */
export async function loadHttp({ url, pid, requests }: HttpTarget, seconds: number): Promise<HttpLoadResult> {
  const watch = watchCpu({ server: pid, client: process.pid });
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, requests: [...requests] });
  const cpu = watch.stop();
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  }
  const answered = result['2xx'];
  return {
    perSecond: answered / result.duration,
    p99Ms: result.latency.p99,
    cpuMicrosecondsEach: ((cpu['server'] ?? 0) * 1_000_000) / answered,
    cpu,
  };
}
