import { emptyStreakState, type StreakState } from '@streaks/shared/domain/streaks/streak-state';
import type { StreakStore, UserStreak } from '@streaks/shared/redis/streaks/streak-store';
import type { QueryMetrics } from '../../metrics';
import type { ReadModel, StoredStreak } from '../../stores/read-model';
import { type StoreCircuit, StoreUnavailable } from '../../stores/store-circuit';
import { unlessUnavailable } from '../../stores/unless-unavailable';
import { coalesceCalls } from './coalesce-calls';
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
  /** Users asked for in one turn of the event loop share one read. Rejects with `StoreUnavailable` when neither store can tell. */
  readUser(userId: string, ruleId: string): Promise<StreakState>;
  /**
   * In the order of the rules; undefined for one of which neither store can tell. Rejects with `StoreUnavailable` when they
   * cannot tell of any.
   */
  readRules(userId: string, ruleIds: readonly string[]): Promise<readonly (StreakState | undefined)[]>;
  /** In the order of the users. Rejects with `StoreUnavailable` when neither store can tell of any one of them. */
  readUsers(userIds: readonly string[], ruleId: string): Promise<readonly StreakState[]>;
}

/** A state that is asked for, and what Redis said. */
type Asked = { readonly userId: string; readonly ruleId: string; readonly answer: UserStreak };

/** One user's state, or why it cannot be told. */
type Attempt = { readonly state?: StreakState; readonly error?: unknown };

/** Most users of one read: some 100 kB of Redis values, and half a millisecond of its time. */
const MAX_USERS_PER_READ = 500;
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

  async function readAnswers(userIds: readonly string[], ruleId: string): Promise<readonly UserStreak[]> {
    return (await askRedis(() => store.readMany(userIds, ruleId))) ?? userIds.map(() => NOT_ASKED);
  }

  function createUserReader(ruleId: string): (userId: string) => Promise<StreakState> {
    const askRedisFor = coalesceCalls<string, UserStreak>({
      ask: (userIds) => readAnswers(userIds, ruleId),
      maxQuestions: MAX_USERS_PER_READ,
    });
    // Apart from the reads of Redis: a user whom only Postgres knows must not fail those whom Redis answered.
    const askPostgresFor = coalesceCalls<Asked, Attempt>({
      ask: completeEach,
      maxQuestions: MAX_USERS_PER_READ,
    });
    return async function readUser(userId) {
      const answer = await askRedisFor(userId);
      if (isFinal(answer)) {
        readsOfRedis.inc();
        return stateOf(answer);
      }
      const { state, error } = await askPostgresFor({ userId, ruleId, answer });
      if (state === undefined) {
        throw error;
      }
      return state;
    };
  }

  /** As `complete`, but with Postgres away a user whom Redis cannot answer takes no other's answer away. */
  async function completeEach(asked: readonly Asked[]): Promise<readonly Attempt[]> {
    try {
      return (await complete(asked)).map((state) => ({ state }));
    } catch (error) {
      if (asked.length === 1 || !(error instanceof StoreUnavailable)) {
        throw error;
      }
      return asked.map(({ answer }) => {
        if (answer.lookup.kind === 'miss') {
          return { error };
        }
        readsOfRedis.inc();
        return { state: stateOf(answer) };
      });
    }
  }

  const userReaders = new Map<string, (userId: string) => Promise<StreakState>>();

  function readUser(userId: string, ruleId: string): Promise<StreakState> {
    let read = userReaders.get(ruleId);
    if (read === undefined) {
      read = createUserReader(ruleId);
      userReaders.set(ruleId, read);
    }
    return read(userId);
  }

  return {
    readUser,
    async readRules(userId, ruleIds) {
      const states = await Promise.all(ruleIds.map((ruleId) => unlessUnavailable(readUser(userId, ruleId))));
      if (states.every((state) => state === undefined)) {
        throw new StoreUnavailable('postgres');
      }
      return states;
    },
    async readUsers(userIds, ruleId) {
      const answers = await readAnswers(userIds, ruleId);
      return complete(userIds.map((userId, index) => ({ userId, ruleId, answer: answers[index] ?? NOT_ASKED })));
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
