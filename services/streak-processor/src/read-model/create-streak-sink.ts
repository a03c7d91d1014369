import type { NumberedChange, Sink } from '@streaks/exactly-once/projection';
import type { StreakStore, StreakWrite, WriteCounts } from '@streaks/shared/redis/streak-store';
import type { Pool } from 'pg';
import type { StreakChange } from '../projections/streaks/streak-change';
import { readShardPage } from './streak-pages';

export interface StreakSinkOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly onWritten: (counts: WriteCounts) => void;
}

/** Redis as the engine's sink. Of several changes of one state only the last is written; the store refuses older ones. */
export function createStreakSink({ store, pool, generation, onWritten }: StreakSinkOptions): Sink<StreakChange> {
  return {
    async write(changes) {
      onWritten(await store.writeAll(newestStates(changes, generation)));
    },
    async writeBacklog(shard, afterSeq, limit) {
      const { writes, rows, lastSeq } = await readShardPage(pool, { shard, afterSeq, limit, generation });
      if (writes.length > 0) onWritten(await store.writeAll(writes));
      return { rows, lastSeq: lastSeq ?? afterSeq };
    },
  };
}

function newestStates(changes: readonly NumberedChange<StreakChange>[], generation: bigint): StreakWrite[] {
  const newest = new Map<string, StreakWrite>();
  for (const { change } of changes) {
    const { userId, ruleId, after } = change;
    const key = `${ruleId} ${userId}`; // neither holds a space
    const known = newest.get(key);
    if (!known?.state || known.state.version < after.version) {
      newest.set(key, { userId, ruleId, generation, state: after });
    }
  }
  return [...newest.values()];
}
