import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import type { Pool } from 'pg';
import { formatTable, percent } from '../printing/print-results';
import { busiestFunctions, type CpuProfile } from './busiest-functions';

/** Given to Postgres for a profiled run. */
export const PROFILING_POSTGRES_SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
} as const;

const FUNCTIONS = 25;
const STATEMENTS = 12;
const STATEMENT_CHARS = 110;

/** The environment that makes a service write CPU profiles to a folder. */
export function profilingEnv(dir: string): Readonly<Record<string, string>> {
  // The built one also where the bench runs from source: the services are built.
  const preload = join(repositoryRoot, 'bench/dist/profile/profile-preload.js');
  return { NODE_OPTIONS: `--import ${preload}`, BENCH_PROFILE_DIR: dir };
}

/** The busiest functions of every thread whose profile lies in the folder. */
export function describeProfiles(dir: string): string {
  const files = readdirSync(dir).filter((file) => file.endsWith('.cpuprofile'));
  return files
    .map((file) => {
      const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile;
      const rows = busiestFunctions(profile, FUNCTIONS).map(({ name, share }) => [percent(share), name]);
      return formatTable(`Own time of functions, ${file}`, rows);
    })
    .join('\n');
}

export async function startStatements(pool: Pool): Promise<void> {
  await pool.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await pool.query('SELECT pg_stat_statements_reset()');
}

/** The statements of this database by the time that they ran for. */
export async function describeStatements(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ share: number; calls: string; mean: number; rows: string; query: string }>(
    `SELECT total_exec_time / nullif(sum(total_exec_time) OVER (), 0) AS share, calls, mean_exec_time AS mean, rows, query
     FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY total_exec_time DESC LIMIT $1`,
    [STATEMENTS],
  );
  return formatTable('Time in statements', [
    ['share', 'calls', 'ms each', 'rows', 'statement'],
    ...rows.map((row) => [
      percent(row.share),
      row.calls,
      row.mean.toFixed(2),
      row.rows,
      row.query.replaceAll(/\s+/g, ' ').slice(0, STATEMENT_CHARS),
    ]),
  ]);
}
