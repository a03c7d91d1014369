import type { NumberedChange, Sink } from '@streaks/exactly-once/projection';
import type { StreakStore, StreakWrite, WriteCounts } from '@streaks/shared/redis/streaks/streak-store';
import type { Pool } from 'pg';
import type { StreakChange } from '../projections/streaks/streak-change';
import { readGeneration } from './read-generation';
import { readShardPage } from './streak-pages';

export interface StreakSinkOptions {
  readonly store: StreakStore;
  readonly pool: Pool;
  readonly generation: bigint;
  readonly onWritten: (counts: WriteCounts) => void;
}

/**
 * Redis as the engine's sink. Of several changes of one state only the last is written; the store refuses older ones.
 * `generation` is that of the start. A rebuild raises it, and its refill makes Redis refuse what is written under the one
 * before: so a refusal has it looked up, and where it is another one the states are written again under that.
 */
export function createStreakSink({ store, pool, generation: first, onWritten }: StreakSinkOptions): Sink<StreakChange> {
  let generation = first;
  const write = async (states: readonly StreakWrite[]): Promise<void> => {
    for (let writtenUnder: bigint | undefined; writtenUnder !== generation; ) {
      writtenUnder = generation;
      const under = generation;
      const counts = await store.writeAll(states.map((state) => ({ ...state, generation: under })));
      if (counts.stale > 0) generation = await readGeneration(pool);
      if (generation === writtenUnder) onWritten(counts);
    }
  };
  return {
    write: (changes) => write(newestStates(changes, generation)),
    async writeBacklog(shard, afterSeq, limit) {
      const { writes, rows, lastSeq } = await readShardPage(pool, { shard, afterSeq, limit, generation });
      if (writes.length > 0) await write(writes);
      return { rows, lastSeq: lastSeq ?? afterSeq };
    },
  };
}

function newestStates(changes: readonly NumberedChange<StreakChange>[], generation: bigint): StreakWrite[] {
  const newest = new Map<string, StreakWrite>();
  for (const { change } of changes) {
    if (!change.isLast) continue;
    const { userId, ruleId, after } = change;
    const key = `${ruleId} ${userId}`; // neither holds a space
    const known = newest.get(key);
    if (!known?.state || known.state.version < after.version) {
      newest.set(key, { userId, ruleId, generation, state: after });
    }
  }
  return [...newest.values()];
}
