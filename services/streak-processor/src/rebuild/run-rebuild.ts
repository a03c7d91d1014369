import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { Kafka } from 'kafkajs';
import type { Pool, PoolClient } from 'pg';
import type { StreaksProjection } from '../projections/streaks/create-streaks-projection';
import type { ProgressDisplay } from '../verify/progress-display';
import { readStart } from './check-source';
import { describeDifferences } from './compare';
import { foldBase } from './fold-base';
import { type LogTail, startLogTail } from './log-tail';
import {
  createRebuildSchema,
  dropRebuildSchema,
  findRebuildRun,
  REBUILT_TABLES,
  type RebuildIdentity,
  type RebuildRun,
  type RebuildSource,
  readRebuildPositions,
  writeRebuildPositions,
} from './rebuild-schema';
import { type Comparison, compareAtOnePosition, type ReplayCounts, replay } from './replay';
import { type FreshLog, type Swapped, type SwapStep, swap } from './swap';

export interface RebuildOptions {
  readonly source: RebuildSource;
  readonly isDryRun: boolean;
  /** Swap also where sessions are only in the live table, which ends them. */
  readonly mayDropSessions: boolean;
  readonly topic: string;
  readonly topicId: string;
  readonly targetMs: number;
  /** Text that names target and limits: a rebuild goes on only under the same. */
  readonly rules: string;
  readonly projection: StreaksProjection;
  readonly createKafka: (role: string) => Kafka;
  /** With the right to create schemas, ordinary settings. */
  readonly pool: Pool;
  /** The settings of a lane and `search_path = rebuild, public`. */
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
  const { pool, topic, print, display } = options;
  const found = await findRebuildRun(pool);
  if (found?.phase === 'swapped') {
    print('a former run had swapped the tables: what it left is dropped');
    await dropRebuildSchema(pool);
    return { records: 0, unusable: 0, comparison: undefined, differences: 0, swapped: undefined };
  }
  const run = await resumeOrCreate(options, found);
  if (run.phase === 'basing') {
    display.step('fold sessions', 0);
    await foldBase(options.freshPool, topic, options.targetMs, display.at);
  }
  await options.onStep?.('BASED');
  const fresh = await options.freshPool.connect();
  const open = () => openTail(options);
  const tail = await open();
  try {
    const log = (): FreshLog => ({ topic, projection: options.projection, tail, targetMs: options.targetMs });
    const counts = await replayAll(options, fresh, log());
    const comparison = await report(options, fresh, log());
    await options.onStep?.('COMPARED');
    const differences = comparison.tables.reduce((sum, t) => sum + t.missing + t.unexpected + t.different, 0);
    if (options.isDryRun) {
      await dropRebuildSchema(pool);
      return { ...counts, comparison, differences, swapped: undefined };
    }
    requireNoLoss(options, comparison);
    const swapped = await swapPatiently(options, fresh, run, log());
    await options.onStep?.('SWAPPED');
    await dropRebuildSchema(pool);
    return { ...counts, comparison, differences, swapped };
  } finally {
    fresh.release(true);
    await tail.close();
  }
}

async function resumeOrCreate(options: RebuildOptions, found: RebuildRun | undefined): Promise<RebuildRun> {
  const { pool, source, topic, topicId, rules, print } = options;
  const identity: RebuildIdentity = { source, topic, topicId, rules };
  const admin = options.createKafka('rebuild-admin').admin();
  await admin.connect();
  try {
    const start = await readStart(pool, admin, identity);
    const isSame = (['source', 'topic', 'topicId', 'rules'] as const).every((key) => found?.[key] === identity[key]);
    if (found !== undefined && isSame) {
      print(`going on with the rebuild that was begun (${found.phase})`);
      await writeRebuildPositions(pool, start); // partitions added since; positions never go back
      return found;
    }
    if (found !== undefined) print('dropping a rebuild that was begun under other settings');
    await dropRebuildSchema(pool);
    const run = await createRebuildSchema(pool, identity);
    await writeRebuildPositions(pool, start);
    await options.onStep?.('CREATED');
    return run;
  } finally {
    await admin.disconnect();
  }
}

async function openTail(options: RebuildOptions): Promise<LogTail> {
  const { topic, topicId } = options;
  return startLogTail({
    kafka: options.createKafka('rebuild'),
    topic,
    topicId,
    groupId: `${topic}-rebuild-${randomUUID()}`,
    from: await readRebuildPositions(options.pool),
    patienceMs: TAIL_PATIENCE_MS,
  });
}

async function replayAll(options: RebuildOptions, fresh: PoolClient, log: FreshLog): Promise<ReplayCounts> {
  const { display, pool } = options;
  const counts: ReplayCounts = { records: 0, unusable: 0 };
  display.step('replay', 0);
  await options.onStep?.('REPLAYING');
  await replay(fresh, log, counts, display.at);
  // The planner must know the tables before they are compared and taken into use.
  for (const table of REBUILT_TABLES) await pool.query(`ANALYZE rebuild.${table}`);
  await replay(fresh, log, counts, display.at);
  await options.onStep?.('REPLAYED');
  return counts;
}

async function report(options: RebuildOptions, fresh: PoolClient, log: FreshLog): Promise<Comparison> {
  const { display, print, pool } = options;
  display.step('compare', REBUILT_TABLES.length);
  const comparison = await compareAtOnePosition(pool, fresh, log, display.at);
  display.close();
  for (const line of comparison.tables.flatMap(describeDifferences)) print(line);
  if (comparison.suspects > 0) print(`user_streaks: ${comparison.suspects} rows are not where their history ends`);
  if (comparison.conflicts > 0) print(`conflicts: ${comparison.conflicts} sessions kept as they were kept live`);
  return comparison;
}

function requireNoLoss({ source, mayDropSessions }: RebuildOptions, { tables }: Comparison): void {
  const unlogged = tables.find(({ table }) => table === 'focus_sessions')?.unexpected ?? 0;
  if (unlogged === 0 || mayDropSessions) return;
  const hint = source === 'log' ? 'use --from sessions to keep them, or' : 'run it again, or';
  throw new Error(
    `${unlogged} sessions are only in the live table: nothing was swapped; ${hint} --drop-unlogged-sessions to let them go`,
  );
}

/** A reader that holds its lock for long, or a server that restarts, makes it wait and try again, from the records on. */
async function swapPatiently(
  options: RebuildOptions,
  fresh: PoolClient,
  run: RebuildRun,
  log: FreshLog,
): Promise<Swapped> {
  const { topic, projection, tail, targetMs } = log;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await swap(fresh, {
        topic,
        projection,
        tail,
        targetMs,
        runId: run.runId,
        source: run.source,
        actor: options.actor,
        shardOf: options.shardOf,
        nowMs: () => performance.now(),
        onStep: options.onStep,
      });
    } catch (error) {
      if (attempt >= SWAP_ATTEMPTS || !(isBusy(error) || isRefused(error))) throw error;
      if (isRefused(error)) {
        // A record that the store refuses fails the whole transaction; in its own ones it is found and left out.
        await replay(fresh, log, { records: 0, unusable: 0 }, () => undefined);
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
