import type { PoolClient } from 'pg';
import { catchUp, countLeft, type FreshLogs, readTargets } from './catch-up';

export interface ReplayCounts {
  records: number;
  /** Records that cannot be used: dead letters, as they were before. */
  unusable: number;
}

/** Brings the fresh tables to where the processors are, round by round until little is left. */
export async function replay(
  client: PoolClient,
  logs: FreshLogs,
  counts: ReplayCounts,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let done = 0;
  for (let rest = Number.POSITIVE_INFINITY; ; ) {
    const targets = await readTargets(client, logs);
    const left = await countLeft(client, logs, targets);
    // A round that leaves no less than the one before: they write as fast as this reads, and the fence stops them.
    if (left === 0 || left >= rest) return;
    rest = left;
    await catchUp(client, logs, targets, { isOpen: false }, (records, unusable) => {
      counts.records += records;
      counts.unusable += unusable;
      done += records;
      onProgress(done, Math.max(done, left));
    });
  }
}
