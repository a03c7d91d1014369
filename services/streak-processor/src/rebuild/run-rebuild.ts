import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DefaultTargets } from '@streaks/shared/domain/rules';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { Kafka } from 'kafkajs';
import type { Pool, PoolClient } from 'pg';
import type { ProgressDisplay } from '../verify/progress-display';
import { readStart } from './check-source';
import { type Comparison, compareAtOnePosition } from './compare/compare-at-one-position';
import { countDifferences, describeDifferences, type TableDifferences } from './compare/compare-tables';
import { foldBase } from './fresh/fold-base';
import type { FreshLog, FreshLogs } from './log/catch-up';
import { startLogTail } from './log/log-tail';
import { type ReplayCounts, replay } from './log/replay';
import type { RebuildInput } from './rebuild-input';
import { readRebuildPositions, writeRebuildPositions } from './schema/positions';
import {
  createRebuildSchema,
  dropRebuildSchema,
  findRebuildRun,
  type RebuildIdentity,
  type RebuildRun,
  type RebuildSource,
} from './schema/rebuild-schema';
import { REBUILT_TABLES } from './schema/rebuilt-tables';
import { type Swapped, type SwapStep, swap } from './swap/swap';

export interface RebuildOptions {
  readonly source: RebuildSource;
  readonly isDryRun: boolean;
  /** Swap also where facts are only in the live tables, which ends them. */
  readonly mayDropUnlogged: boolean;
  /** In the order of their replay. */
  readonly inputs: readonly RebuildInput[];
  readonly targets: DefaultTargets;
  /** Text that names targets and limits: a rebuild goes on only under the same. */
  readonly rules: string;
  readonly createKafka: (role: string) => Kafka;
  /** With the right to create schemas, ordinary settings. */
  readonly pool: Pool;
  /** The settings of a lane and `search_path = rebuild`: what the projections are not given a table for must fail. */
  readonly freshPool: Pool;
  readonly shardOf: (userId: string) => number;
  readonly actor: string;
  readonly display: ProgressDisplay;
  readonly print: (line: string) => void;
  readonly onStep?: ((step: RebuildStep) => void | Promise<void>) | undefined;
}

/** Points at which a crash is tested. */
export type RebuildStep = 'CREATED' | 'BASED' | 'REPLAYING' | 'REPLAYED' | 'COMPARED' | SwapStep | 'SWAPPED';

export interface RebuildResult extends ReplayCounts {
  /** Undefined where a former run had swapped already and this one only cleaned up. */
  readonly comparison: Comparison | undefined;
  readonly differences: number;
  /** Undefined for a dry run. */
  readonly swapped: Swapped | undefined;
}

const ONE_AT_A_TIME_KEY = 7_318_120_455;
const TAIL_PATIENCE_MS = 30_000;
const SWAP_ATTEMPTS = 12;
const SWAP_RETRY_MS = 2_000;

/** Replays into tables of their own, reports what differs and swaps. Goes on where a former run was killed. */
export async function runRebuild(options: RebuildOptions): Promise<RebuildResult> {
  const guard = await options.pool.connect();
  try {
    const { rows } = await guard.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [ONE_AT_A_TIME_KEY]);
    if (!rows[0]?.got) throw new Error('another rebuild of this database is running');
    return await rebuild(options);
  } finally {
    guard.release(true); // a closed connection gives the lock back
  }
}

async function rebuild(options: RebuildOptions): Promise<RebuildResult> {
  const { pool, inputs, targets, print, display } = options;
  const found = await findRebuildRun(pool);
  if (found?.phase === 'swapped') {
    print('a former run had swapped the tables: what it left is dropped');
    await dropRebuildSchema(pool);
    return { records: 0, unusable: 0, comparison: undefined, differences: 0, swapped: undefined };
  }
  const run = await resumeOrCreate(options, found);
  if (run.phase === 'basing') {
    display.step('count from the stored facts', 0);
    const topics = inputs.map(({ topic }) => topic);
    await foldBase(options.freshPool, topics, targets, display.at);
  }
  await options.onStep?.('BASED');
  const fresh = await options.freshPool.connect();
  const logs: FreshLog[] = [];
  try {
    for (const input of inputs) logs.push({ input, tail: await openTail(options, input) });
    const freshLogs: FreshLogs = { logs, targets };
    const counts = await replayAll(options, fresh, freshLogs);
    const comparison = await report(options, fresh, freshLogs);
    await options.onStep?.('COMPARED');
    const differences = countDifferences(comparison.tables);
    if (options.isDryRun) {
      await dropRebuildSchema(pool);
      return { ...counts, comparison, differences, swapped: undefined };
    }
    if (!options.mayDropUnlogged) requireNoLoss(options.source, comparison.tables);
    const swapped = await swapPatiently(options, fresh, run, freshLogs);
    await options.onStep?.('SWAPPED');
    await dropRebuildSchema(pool);
    return { ...counts, comparison, differences, swapped };
  } finally {
    fresh.release(true);
    await Promise.all(logs.map(({ tail }) => tail.close()));
  }
}

async function resumeOrCreate(options: RebuildOptions, found: Partial<RebuildRun> | undefined): Promise<RebuildRun> {
  const { pool, source, inputs, rules, print } = options;
  const identity: RebuildIdentity = {
    source,
    inputs: inputs.map(({ topic, topicId }) => `${topic} ${topicId}`).join(', '),
    rules,
  };
  const admin = options.createKafka('rebuild-admin').admin();
  await admin.connect();
  try {
    const start = await readStart(pool, admin, { source, topics: inputs });
    const writeStart = async () => {
      for (const [topic, positions] of start) await writeRebuildPositions(pool, topic, positions);
    };
    const isSame = (['source', 'inputs', 'rules'] as const).every((key) => found?.[key] === identity[key]);
    if (found !== undefined && isSame) {
      print(`going on with the rebuild that was begun (${found.phase})`);
      await writeStart(); // partitions added since; positions never go back
      return found as RebuildRun;
    }
    if (found !== undefined) print('dropping a rebuild that was begun under other settings');
    await dropRebuildSchema(pool);
    const run = await createRebuildSchema(pool, identity);
    await writeStart();
    await options.onStep?.('CREATED');
    return run;
  } finally {
    await admin.disconnect();
  }
}

async function openTail(options: RebuildOptions, { topic, topicId }: RebuildInput) {
  return startLogTail({
    kafka: options.createKafka('rebuild'),
    topic,
    topicId,
    groupId: `${topic}-rebuild-${randomUUID()}`,
    from: await readRebuildPositions(options.pool, topic),
    patienceMs: TAIL_PATIENCE_MS,
  });
}

async function replayAll(options: RebuildOptions, fresh: PoolClient, logs: FreshLogs): Promise<ReplayCounts> {
  const { display, pool } = options;
  const counts: ReplayCounts = { records: 0, unusable: 0 };
  display.step('replay', 0);
  await options.onStep?.('REPLAYING');
  await replay(fresh, logs, counts, display.at);
  // The planner must know the tables before they are compared and taken into use.
  for (const table of REBUILT_TABLES) await pool.query(`ANALYZE rebuild.${table}`);
  await replay(fresh, logs, counts, display.at);
  await options.onStep?.('REPLAYED');
  return counts;
}

async function report(options: RebuildOptions, fresh: PoolClient, logs: FreshLogs): Promise<Comparison> {
  const { display, print, pool } = options;
  display.step('compare', REBUILT_TABLES.length);
  const comparison = await compareAtOnePosition(pool, fresh, logs, display.at);
  display.close();
  const { tables, offHistory, remnants, conflicts } = comparison;
  for (const line of tables.flatMap(describeDifferences)) print(line);
  if (offHistory > 0) print(`user_streaks: ${offHistory} rows are not where their history ends`);
  if (remnants > 0) print(`history and dead letters: ${remnants} rows of erased users are left`);
  if (conflicts > 0) print(`conflicts: ${conflicts} sessions and check-ins kept as they were kept live`);
  return comparison;
}

function requireNoLoss(source: RebuildSource, tables: readonly TableDifferences[]): void {
  const losses = tables.filter(({ lost }) => lost > 0);
  if (losses.length === 0) return;
  const what = losses.map(({ table, lost }) => `${lost} of ${table}`).join(', ');
  const hint = source === 'log' ? 'use --from sessions to keep them, or' : 'run it again, or';
  throw new Error(
    `rows that only the live tables have (${what}): nothing was swapped; ${hint} --drop-unlogged to let them go`,
  );
}

/** A reader that holds its lock for long, or a server that restarts, makes it wait and try again, from the records on. */
async function swapPatiently(
  options: RebuildOptions,
  fresh: PoolClient,
  { runId, source }: RebuildRun,
  logs: FreshLogs,
): Promise<Swapped> {
  const { actor, shardOf, onStep } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await swap(fresh, {
        ...logs,
        runId,
        source,
        actor,
        shardOf,
        nowMs: () => performance.now(),
        onStep,
      });
    } catch (error) {
      if (attempt >= SWAP_ATTEMPTS || !(isBusy(error) || isRefused(error))) throw error;
      if (isRefused(error)) {
        // A record that the store refuses fails the whole transaction; in its own ones it is found and left out.
        await replay(fresh, logs, { records: 0, unusable: 0 }, () => undefined);
        continue;
      }
      options.print(`the tables are in use (${(error as Error).message}): trying again`);
      await delay(SWAP_RETRY_MS);
    }
  }
}

const isRefused = (error: unknown): boolean => classifyStoreError(error) === 'data';

const isBusy = (error: unknown): boolean => {
  const { code } = error as { code?: string };
  return code === '55P03' || classifyStoreError(error) === 'retry-now';
};
