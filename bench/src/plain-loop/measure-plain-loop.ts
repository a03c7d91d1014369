import { createTestDatabase } from '@streaks/testing/test-database';
import { assertStoredResult, expectedChecksum } from '../data-set/expected-result';
import type { DataSet } from '../data-set/generate-data-set';
import { medianBy } from '../figures/median';
import { fillPostgres } from '../prefill/prefill-store';
import { heldBefore, type Prefill } from '../prefill/prefill-users';
import { perSecond } from '../printing/print-results';
import { type CpuSeconds, describeCpu, watchCpu } from '../processes/cpu-seconds';
import { partitionDataSet, runPlainLoop } from './run-plain-loop';

interface Setting {
  readonly connections: number;
  readonly recordsPerTransaction: number;
}

export interface PlainLoopRun extends Setting {
  /** Events (repeats included) a second. */
  readonly eventsPerSecond: number;
  /** `loop` is this process: the projection runs in it. */
  readonly cpu: CpuSeconds;
}

/** The median run at the best setting. */
export interface PlainLoopRate extends PlainLoopRun {
  /** The first run of every setting tried. */
  readonly tried: readonly PlainLoopRun[];
}

export interface MeasureOptions {
  /** URL of any database of the server, for a role that may create databases. */
  readonly adminUrl: string;
  readonly targetMs: number;
  readonly connections?: readonly number[];
  readonly recordsPerTransaction?: readonly number[];
  readonly runs?: number;
  readonly serverPids?: Readonly<Record<string, number>>;
  /** What the tables hold before. */
  readonly prefill?: Prefill | undefined;
  readonly print?: (line: string) => void;
}

/**
 * The baseline that the engine is compared with: each setting once, then the best one until it has `runs` runs, each on a
 * database of its own, with its result checked.
 * @throws when a result differs from the data set's, worked out apart
 */
export async function measurePlainLoop(dataSet: DataSet, options: MeasureOptions): Promise<PlainLoopRate> {
  const { adminUrl, targetMs, connections = [1, 2, 3], recordsPerTransaction = [5_000, 10_000], runs = 3 } = options;
  const { prefill } = options;
  const expected = expectedChecksum(dataSet.events, targetMs, prefill && heldBefore(prefill));
  const data = partitionDataSet(dataSet);

  async function measureOnce(setting: Setting): Promise<PlainLoopRun> {
    const database = await createTestDatabase({ adminUrl });
    try {
      if (prefill !== undefined) await fillPostgres(database.pool, prefill, dataSet.partitionCount);
      await database.pool.query('CHECKPOINT');
      const cpuWatch = watchCpu({ ...options.serverPids, loop: process.pid });
      const seconds = await runPlainLoop(data, { ...setting, databaseUrl: database.url, targetMs });
      const cpu = cpuWatch.stop();
      await assertStoredResult(database.pool, expected);
      const eventsPerSecond = Math.round(dataSet.events.length / seconds);
      options.print?.(
        `plain loop, ${setting.connections} connections, ${setting.recordsPerTransaction} a transaction: ` +
          `${perSecond(eventsPerSecond)}; CPU: ${describeCpu(cpu)}`,
      );
      return { ...setting, eventsPerSecond, cpu };
    } finally {
      await database.drop();
    }
  }

  const settings = connections.flatMap((count) =>
    recordsPerTransaction.map((records) => ({ connections: count, recordsPerTransaction: records })),
  );
  const tried: PlainLoopRun[] = [];
  for (const setting of settings) tried.push(await measureOnce(setting));
  const [best] = tried.toSorted((one, other) => other.eventsPerSecond - one.eventsPerSecond);
  if (best === undefined) throw new RangeError('no setting to measure');
  const repeats = [best];
  const { connections: bestConnections, recordsPerTransaction: bestRecords } = best;
  while (repeats.length < runs) {
    repeats.push(await measureOnce({ connections: bestConnections, recordsPerTransaction: bestRecords }));
  }
  return { ...medianBy(repeats, (run) => run.eventsPerSecond), tried };
}
