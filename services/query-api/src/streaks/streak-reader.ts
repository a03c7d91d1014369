import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streak-state';
import type { StreakStore, UserStreak } from '@streaks/shared/redis/streak-store';
import type { QueryMetrics } from '../metrics';
import type { ReadModel, StoredStreak } from '../stores/read-model';
import { type StoreCircuit, StoreUnavailable } from '../stores/store-circuit';
import type { Refiller } from './refiller';

export interface StreakReaderOptions {
  readonly store: StreakStore;
  readonly redisCircuit: StoreCircuit;
  readonly readModel: Pick<ReadModel, 'readStreaks'>;
  readonly refiller: Refiller;
  readonly metrics: QueryMetrics;
}

/** Where streak states come from. A user without one has the empty state. */
export interface StreakReader {
  /** In the order of the rules. Rejects with `StoreUnavailable` when neither store can tell. */
  readRules(userId: string, ruleIds: readonly string[]): Promise<readonly StreakState[]>;
  /** In the order of the users. Rejects with `StoreUnavailable` when neither store can tell of any one of them. */
  readUsers(userIds: readonly string[], ruleId: string): Promise<readonly StreakState[]>;
}

/** A state that is asked for, and what Redis said. */
type Asked = { readonly userId: string; readonly ruleId: string; readonly answer: UserStreak };

const NOT_ASKED: UserStreak = Object.freeze({ isFilled: false, lookup: Object.freeze({ kind: 'miss' }) });

/**
 * Redis first, Postgres behind it. A value under a standing sentinel is final. A miss, or a bucket without its sentinel,
 * is answered by Postgres and put back into Redis in the background. With Postgres away, a value found without the
 * sentinel still beats no answer; a miss does not become zeros, for the user may have a streak.
 */
export function createStreakReader(options: StreakReaderOptions): StreakReader {
  const { store, redisCircuit, readModel, refiller, metrics } = options;
  // One label object each: the hot path increments without looking a label up.
  const readsOfRedis = metrics.reads.labels({ source: 'redis' });
  const readsOfPostgres = metrics.reads.labels({ source: 'postgres' });

  async function askRedis<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await redisCircuit.run(work);
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        return undefined;
      }
      throw error;
    }
  }

  async function complete(asked: readonly Asked[]): Promise<readonly StreakState[]> {
    const open = asked.filter(({ answer }) => !isFinal(answer));
    readsOfRedis.inc(asked.length - open.length);
    if (open.length === 0) {
      return asked.map(({ answer }) => stateOf(answer));
    }
    const rows = await askPostgres(open);
    const rowsByKey = new Map(rows?.map((row) => [keyOf(row), row]));
    return asked.map((one) => {
      if (rows === undefined || isFinal(one.answer)) {
        return stateOf(one.answer);
      }
      return rowsByKey.get(keyOf(one))?.state ?? emptyStreakState;
    });
  }

  /** Undefined where Postgres is away and Redis has a value for each all the same. */
  async function askPostgres(open: readonly Asked[]): Promise<readonly StoredStreak[] | undefined> {
    const userIds = [...new Set(open.map(({ userId }) => userId))];
    const ruleIds = [...new Set(open.map(({ ruleId }) => ruleId))];
    try {
      const rows = await readModel.readStreaks(userIds, ruleIds);
      readsOfPostgres.inc(open.length);
      refiller.offer(rows);
      return rows;
    } catch (error) {
      if (error instanceof StoreUnavailable && open.every(({ answer }) => answer.lookup.kind !== 'miss')) {
        readsOfRedis.inc(open.length);
        return undefined;
      }
      throw error;
    }
  }

  return {
    async readRules(userId, ruleIds) {
      const found = await askRedis(() => store.read(userId, ruleIds));
      const isFilled = found?.isFilled ?? false;
      return complete(
        ruleIds.map((ruleId, index) => {
          const lookup = found?.lookups[index] ?? NOT_ASKED.lookup;
          return { userId, ruleId, answer: { isFilled, lookup } };
        }),
      );
    },
    async readUsers(userIds, ruleId) {
      const found = await askRedis(() => store.readMany(userIds, ruleId));
      return complete(userIds.map((userId, index) => ({ userId, ruleId, answer: found?.[index] ?? NOT_ASKED })));
    },
  };
}

function isFinal({ isFilled, lookup }: UserStreak): boolean {
  return isFilled && lookup.kind !== 'miss';
}

/** A deleted state reads as that of a user who never had one. */
function stateOf({ lookup }: UserStreak): StreakState {
  return lookup.kind === 'found' ? lookup.state : emptyStreakState;
}

function keyOf({ userId, ruleId }: { readonly userId: string; readonly ruleId: string }): string {
  return `${ruleId}:${userId}`;
}
