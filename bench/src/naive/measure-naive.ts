import { isDeepStrictEqual } from 'node:util';
import { stackAddresses } from '@streaks/testing/stack-addresses';
import { createTestDatabase } from '@streaks/testing/test-database';
import { produceDataSet } from '../backlog/input-topic';
import type { BenchContext } from '../bench-context';
import { expectedChecksum, STORED_CHECKSUM_SQL, storedChecksum } from '../data-set/expected-result';
import type { DataSet } from '../data-set/generate-data-set';
import { medianBy } from '../figures/median';
import { perSecond } from '../printing/print-results';
import { type CpuSeconds, describeCpu, watchCpu } from '../processes/cpu-seconds';
import { runNaiveConsumer } from './run-naive-consumer';

export interface NaiveResult {
  readonly events: number;
  readonly eventsPerSecond: number;
  /** `consumer` is this process: the consumer runs in it. */
  readonly cpu: CpuSeconds;
}

/** It takes the first events of the data set only: at its pace all of them would take minutes. */
const SAMPLE_EVENTS = 10_000;

/** The median of the runs, each on a database of its own with its result checked; of the history there is none. */
export async function measureNaive(dataSet: DataSet, context: BenchContext): Promise<NaiveResult> {
  const events = dataSet.events.slice(0, SAMPLE_EVENTS);
  const expected = expectedChecksum(events, context.targetMs);
  const input = await produceDataSet({ ...dataSet, events });
  const results: NaiveResult[] = [];
  try {
    for (let run = 1; run <= context.runs; run += 1) {
      const database = await createTestDatabase({ adminUrl: stackAddresses().DATABASE_URL });
      try {
        const cpuWatch = watchCpu({ ...context.serverPids, consumer: process.pid });
        const { seconds } = await runNaiveConsumer(input, database.url, context.targetMs);
        const cpu = cpuWatch.stop();
        const { rows } = await database.pool.query<Record<string, unknown>>(STORED_CHECKSUM_SQL);
        const stored = storedChecksum(rows[0] ?? {});
        if (!isDeepStrictEqual(stored, expected)) {
          throw new Error(`wrong result: ${JSON.stringify(stored)}, expected ${JSON.stringify(expected)}`);
        }
        const result = { events: events.length, eventsPerSecond: events.length / seconds, cpu };
        results.push(result);
        context.print(`naive consumer, run ${run}: ${perSecond(result.eventsPerSecond)}; CPU: ${describeCpu(cpu)}`);
      } finally {
        await database.drop();
      }
    }
  } finally {
    await input.drop();
  }
  return medianBy(results, ({ eventsPerSecond }) => eventsPerSecond);
}
