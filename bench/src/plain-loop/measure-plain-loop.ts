import { isDeepStrictEqual } from 'node:util';
import { createTestDatabase } from '@streaks/testing/test-database';
import { expectedChecksum, STORED_CHECKSUM_SQL, storedChecksum } from '../data-set/expected-result';
import type { DataSet } from '../data-set/generate-data-set';
import { partitionDataSet, runPlainLoop } from './run-plain-loop';

export interface PlainLoopRate {
  readonly connections: number;
  readonly recordsPerTransaction: number;
  /** Median of the runs at the best setting, events (repeats included) a second. */
  readonly eventsPerSecond: number;
  /** The first run of every setting tried. */
  readonly tried: readonly {
    readonly connections: number;
    readonly recordsPerTransaction: number;
    readonly eventsPerSecond: number;
  }[];
}

export interface MeasureOptions {
  /** URL of any database of the server, for a role that may create databases. */
  readonly adminUrl: string;
  readonly targetMs: number;
  readonly connections?: readonly number[];
  readonly recordsPerTransaction?: readonly number[];
  readonly runs?: number;
  readonly print?: (line: string) => void;
}

/**
 * The baseline that the engine is compared with: each setting once, then the best one until it has `runs` runs, each on a
 * database of its own, with its result checked.
 * @throws when a result differs from the data set's, worked out apart
 */
export async function measurePlainLoop(dataSet: DataSet, options: MeasureOptions): Promise<PlainLoopRate> {
  const { adminUrl, targetMs, connections = [1, 2, 3], recordsPerTransaction = [5_000, 10_000], runs = 3 } = options;
  const expected = expectedChecksum(dataSet.events, targetMs);
  const data = partitionDataSet(dataSet);

  async function measureOnce(setting: { connections: number; recordsPerTransaction: number }): Promise<number> {
    const database = await createTestDatabase({ adminUrl });
    try {
      await database.pool.query('CHECKPOINT');
      const seconds = await runPlainLoop(data, { ...setting, databaseUrl: database.url, targetMs });
      const { rows } = await database.pool.query<Record<string, unknown>>(STORED_CHECKSUM_SQL);
      const row = rows[0] ?? {};
      const brokenHistory = row['broken_chains'] !== 0 || row['surplus_history'] !== 0;
      if (brokenHistory || !isDeepStrictEqual(storedChecksum(row), expected)) {
        throw new Error(`wrong result: ${JSON.stringify(row)}, expected ${JSON.stringify(expected)}`);
      }
      const eventsPerSecond = Math.round(dataSet.events.length / seconds);
      options.print?.(
        `plain loop, ${setting.connections} connections, ${setting.recordsPerTransaction} a transaction: ${eventsPerSecond}/s`,
      );
      return eventsPerSecond;
    } finally {
      await database.drop();
    }
  }

  const settings = connections.flatMap((count) =>
    recordsPerTransaction.map((records) => ({ connections: count, recordsPerTransaction: records })),
  );
  const tried: { connections: number; recordsPerTransaction: number; eventsPerSecond: number }[] = [];
  for (const setting of settings) tried.push({ ...setting, eventsPerSecond: await measureOnce(setting) });
  const [best] = tried.toSorted((one, other) => other.eventsPerSecond - one.eventsPerSecond);
  if (best === undefined) throw new RangeError('no setting to measure');
  const rates = [best.eventsPerSecond];
  while (rates.length < runs) rates.push(await measureOnce(best));
  const median = rates.toSorted((one, other) => one - other)[Math.floor(rates.length / 2)] ?? best.eventsPerSecond;
  return { ...best, eventsPerSecond: median, tried };
}
