import type { DefaultTargets } from '@streaks/shared/domain/rules';
import type { Pool, PoolClient } from 'pg';
import { settleConflicts } from '../fresh/conflicts';
import { catchUp, type FreshLogs, readTargets } from '../log/catch-up';
import { fence } from '../swap/fence';
import { compareTables, type TableDifferences } from './compare-tables';
import { findSuspects, type Suspects } from './find-suspects';

export interface Comparison extends Suspects {
  readonly tables: readonly TableDifferences[];
  /** Conflicts where the live tables kept another event than the replay, and the replay followed. */
  readonly conflicts: number;
}

/**
 * What differs, at exactly one position: under the fence the fresh tables are brought to the live positions and a snapshot is
 * taken, which is compared after the fence was let go.
 */
export async function compareAtOnePosition(
  pool: Pool,
  fresh: PoolClient,
  logs: FreshLogs,
  onTable: (done: number) => void,
): Promise<Comparison> {
  const fencing = await pool.connect();
  const comparing = await pool.connect();
  let isBroken = true;
  try {
    await fencing.query('BEGIN');
    await fence(fencing);
    await catchUp(fresh, logs, await readTargets(fencing, logs), { isOpen: false });
    const conflicts = await settleInTransaction(fresh, logs.targets);
    await comparing.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await comparing.query('SELECT'); // takes the snapshot
    await fencing.query('ROLLBACK');
    const tables = await compareTables(comparing, onTable);
    await comparing.query('COMMIT');
    isBroken = false;
    return { tables, conflicts, ...(await findSuspects(pool)) };
  } finally {
    fencing.release(isBroken);
    comparing.release(isBroken);
  }
}

async function settleInTransaction(fresh: PoolClient, targets: DefaultTargets): Promise<number> {
  await fresh.query('BEGIN');
  const settled = await settleConflicts(fresh, targets);
  await fresh.query('COMMIT');
  return settled;
}
