import { Agent, request } from 'node:http';
import { percentile } from '../figures/percentile';
import { offerLoad } from '../latency/offered-load';
import { watchCpu } from '../processes/cpu-seconds';
import { PENDING, UPDATED, type UpdateLoad, type UpdateLoadResult, type UpdateTarget, userIdOf } from './load-updates';

/**
 * Each user updates once a second, evenly spread over it; the time counts from the moment at which an update was due, so
 * that a bench or a service that falls behind shows. @throws when an answer was neither 200 nor 202
 */
export async function paceUpdates({ url, pids }: UpdateTarget, load: UpdateLoad): Promise<UpdateLoadResult> {
  const { users, seconds } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: users });
  const times: number[] = [];
  let pending = 0;
  const watch = watchCpu(pids);
  const update = async (userId: string, dueMs: number): Promise<void> => {
    const status = await post(`${url}/api/streak/update`, agent, JSON.stringify({ userId, timezone: 'UTC' }));
    if (status === UPDATED) times.push(performance.now() - dueMs);
    else if (status === PENDING) pending += 1;
    else throw new Error(`${url}: an update was answered ${status}`);
  };
  try {
    await offerLoad({
      perSecond: users,
      seconds,
      createItem: (index) => userIdOf(index % users),
      send: async (userIds, dueMs) => {
        await Promise.all(userIds.map((userId) => update(userId, dueMs)));
      },
    });
  } finally {
    agent.destroy();
  }
  return {
    updates: times.length,
    pending,
    perSecond: times.length / seconds,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
    cpu: watch.stop(),
  };
}

/** The status, once the answer was read. Past fetch, whose cost the service would be charged with. */
function post(url: string, agent: Agent, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
      response.resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
