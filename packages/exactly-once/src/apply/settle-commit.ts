import type { ClientBase } from 'pg';
import { readProgressLocked } from '../sql/progress';
import type { PartitionBatch } from './partition-batch';

export type Settled = 'committed' | 'not-committed' | 'lost';

/**
 * What a lost reply to COMMIT hid, read on a new connection. All partitions of the transaction committed together, so any
 * row that still has our epoch answers for all. When every epoch is another's, a successor works from the truth in
 * Postgres and there is nothing left for us to do.
 * @throws when Postgres is away; ask again
 */
export async function settleCommit(
  client: ClientBase,
  topic: string,
  batches: readonly PartitionBatch<unknown>[],
): Promise<Settled> {
  const rows = await readProgressLocked(
    client,
    topic,
    batches.map((batch) => batch.owned.partition),
  );
  for (const { owned, nextOffset } of batches) {
    const row = rows.get(owned.partition);
    if (!row || row.epoch !== owned.epoch) continue;
    if (nextOffset === owned.appliedOffset) continue; // this partition moved nothing: says nothing
    return row.nextOffset === nextOffset ? 'committed' : 'not-committed';
  }
  return 'lost';
}
