import { type Ratio, ratioOf } from '../figures/ratio';
import { ms, perSecond } from '../printing/print-results';
import { cpuMicrosecondsEach, describeCpu } from '../processes/cpu-seconds';
import type { UpdateLoadResult } from './load-updates';
import type { UpdatesResult } from './measure-updates';

/** What docs ask for. */
const TARGET_P95_MS = 150;
const TARGET_BATCHED_PER_SECOND = 10_000;

export function describePart(what: string, load: UpdateLoadResult): string {
  return `${what}: ${describeLoad(load)}; CPU: ${describeCpu(load.cpu)}`;
}

export function updateRatios(updates: UpdatesResult | undefined): readonly (Ratio | undefined)[] {
  if (updates === undefined) return [];
  const { paced, flatOut, bare, batched } = updates;
  return [
    ratioOf('POST /api/streak/update, processed and told', 'bare Express', {
      ours: flatOut.perSecond,
      theirs: bare.perSecond,
    }),
    ratioOf('150 ms over the p95 of an update', 'target', { ours: TARGET_P95_MS, theirs: paced.p95Ms, target: 1 }),
    ratioOf('check-ins batched over Kafka', '10,000/s', {
      ours: batched.perSecond,
      theirs: TARGET_BATCHED_PER_SECOND,
      target: 1,
    }),
  ];
}

export function updateRows(updates: UpdatesResult | undefined): string[][] {
  if (updates === undefined) return [];
  const { users, paced, flatOut, bare, batched } = updates;
  const people = `${users.toLocaleString('en-US')} users`;
  return [
    [`POST /api/streak/update, ${people}, each once a second`, describeLoad(paced), describeCpu(paced.cpu)],
    [`… as fast as they are answered`, describeLoad(flatOut), describeCpu(flatOut.cpu)],
    [`… on bare Express`, describeLoad(bare), describeCpu(bare.cpu)],
    [
      'check-ins batched over Kafka → in Redis',
      perSecond(batched.perSecond),
      `${cpuMicrosecondsEach(batched.cpu, batched.updates).toFixed(1)} µs a check-in: ${describeCpu(batched.cpu)}`,
    ],
  ];
}

function describeLoad({ perSecond: rate, p50Ms, p95Ms, p99Ms, pending }: UpdateLoadResult): string {
  const late = pending === 0 ? '' : `; ${pending} not told in time`;
  return `${perSecond(rate)}, p50 ${ms(p50Ms)}, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)}${late}`;
}
