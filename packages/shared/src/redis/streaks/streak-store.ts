import type { StreakState } from '../../domain/streaks/streak-state';

/** A state to be written, or a deletion. The generation comes from Postgres (`projection_generation`). */
export type StreakWrite = { readonly userId: string; readonly ruleId: string; readonly generation: bigint } & (
  | { readonly state: StreakState }
  /** Leaves a tombstone of that version, so that a late writer of an earlier one does not bring the state back. */
  | { readonly state: null; readonly version: number }
);

/** `written` became the stored value; `stale` were older than it and changed nothing. A repeat of what is there is neither. */
export type WriteCounts = { readonly written: number; readonly stale: number };

export type StreakLookup =
  | { readonly kind: 'found'; readonly state: StreakState; readonly generation: bigint }
  | { readonly kind: 'deleted'; readonly generation: bigint; readonly version: number }
  | { readonly kind: 'miss' };

/** One user's states. */
export type UserStreaks = {
  /**
   * Whether the sentinel of the user's bucket stands: every state of its generation was written here. Without it a miss
   * says nothing, and a value found is a true state that may have been overtaken while Redis was being refilled.
   */
  readonly isFilled: boolean;
  /** In the order of the rules asked for. */
  readonly lookups: readonly StreakLookup[];
};

/** One user's state under one rule. */
export type UserStreak = { readonly isFilled: boolean; readonly lookup: StreakLookup };

/**
 * The read model of streaks in Redis. Each write is a compare-and-set on (generation, version): only what is newer than
 * the stored value is written, so late, repeated and concurrent writers all end in the newest state. A value of a
 * generation below the bucket's sentinel is refused and, where it was left over, reads as a miss.
 *
 * Every method rejects while Redis is away; writes may have happened in part and are safe to repeat.
 */
export interface StreakStore {
  /**
   * Writes in chunks per bucket. May hold several writes of one key, though coalescing them first is cheaper. Boards follow:
   * each user who is not stale is marked together with the state, and whoever keeps the boards ranks the marked ones.
   */
  writeAll(writes: readonly StreakWrite[]): Promise<WriteCounts>;
  /** As `writeAll`, for a refill: the boards are written as well, before it resolves. */
  fillAll(writes: readonly StreakWrite[]): Promise<WriteCounts>;
  read(userId: string, ruleIds: readonly string[]): Promise<UserStreaks>;
  /** In the order of the users asked for. */
  readMany(userIds: readonly string[], ruleId: string): Promise<readonly UserStreak[]>;
  /**
   * The buckets to be refilled: the sentinel is missing, of an earlier generation, or was set on another run of the server
   * (a restart from a snapshot and a failover both bring back values that are older than what was confirmed).
   */
  missingBuckets(generation: bigint): Promise<readonly number[]>;
  /** The rules whose boards are to be refilled, for the same reasons. None where boards are not kept. */
  missingBoards(generation: bigint): Promise<readonly string[]>;
  /**
   * Begins a refill under a name of its own. A refill begun later takes the place of this one. Sentinels of another run of
   * the server fall, so that readers ask Postgres until the refill is done.
   */
  beginFill(fillId: string): Promise<void>;
  /**
   * Sets the sentinels, those of boards too, after every state of the generation was written. A bucket that lost the name of the refill since
   * it began (Redis was emptied or restarted, another refill began) gets none; a sentinel never goes back. Resolves to the number of
   * buckets whose sentinel now stands at the generation or above.
   */
  markFilled(generation: bigint, fillId: string): Promise<number>;
}
