import type { Pool, PoolClient } from 'pg';
import { compareTables, findSuspects, type TableDifferences } from './compare';
import { settleConflicts } from './fresh-tables';
import { type Positions, readLivePositions, readRebuildPositions } from './rebuild-schema';
import { catchUp, type FreshLog, fence } from './swap';

export interface ReplayCounts {
  records: number;
  /** Records that cannot be used: dead letters, as they were before. */
  unusable: number;
}

/** Brings the fresh tables to where the processors are, round by round until little is left. */
export async function replay(
  client: PoolClient,
  log: FreshLog,
  counts: ReplayCounts,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let done = 0;
  for (let rest = Number.POSITIVE_INFINITY; ; ) {
    const targets = await readLivePositions(client, log.topic);
    const left = distance(await readRebuildPositions(client), targets);
    // A round that leaves no less than the one before: they write as fast as this reads, and the fence stops them.
    if (left === 0 || left >= rest) return;
    rest = left;
    await catchUp(client, log, targets, { isOpen: false }, (records, unusable) => {
      counts.records += records;
      counts.unusable += unusable;
      done += records;
      onProgress(done, Math.max(done, left));
    });
  }
}

function distance(from: Positions, to: Positions): number {
  return [...to].reduce((sum, [partition, target]) => sum + Number(target - (from.get(partition) ?? 0n)), 0);
}

export interface Comparison {
  readonly tables: readonly TableDifferences[];
  /** Conflicts where the live table kept another session than the replay, and the replay followed. */
  readonly conflicts: number;
  /** Rows of `user_streaks` that are not where their history ends. */
  readonly suspects: number;
}

/**
 * What differs, at exactly one position: under the fence the fresh tables are brought to the live positions and a snapshot is
 * taken, which is compared after the fence was let go.
 */
export async function compareAtOnePosition(
  pool: Pool,
  fresh: PoolClient,
  log: FreshLog,
  onTable: (done: number) => void,
): Promise<Comparison> {
  const fencing = await pool.connect();
  const comparing = await pool.connect();
  let isBroken = true;
  try {
    await fencing.query('BEGIN');
    await fence(fencing);
    await catchUp(fresh, log, await readLivePositions(fencing, log.topic), { isOpen: false });
    const conflicts = await settleInTransaction(fresh, log.targetMs);
    await comparing.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await comparing.query('SELECT'); // takes the snapshot
    await fencing.query('ROLLBACK');
    const tables = await compareTables(comparing, onTable);
    await comparing.query('COMMIT');
    isBroken = false;
    return { tables, conflicts, suspects: await findSuspects(pool) };
  } finally {
    fencing.release(isBroken);
    comparing.release(isBroken);
  }
}

async function settleInTransaction(fresh: PoolClient, targetMs: number): Promise<number> {
  await fresh.query('BEGIN');
  const settled = await settleConflicts(fresh, targetMs);
  await fresh.query('COMMIT');
  return settled;
}
