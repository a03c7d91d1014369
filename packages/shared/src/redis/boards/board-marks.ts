import type { Redis } from 'ioredis';
import { ALL_BUCKETS, markedKey, markKey, takenKey } from '../streaks/streak-keys';
import type { StreakWrite } from '../streaks/streak-store';
import { decodeStreakValue } from '../streaks/streak-value';
import { defineBoardScripts } from './board-scripts';
import type { BoardWriter } from './board-writer';

export interface CatchUpOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly writer: BoardWriter;
}

export interface CaughtUp {
  /** Marks that were settled: 0 when the boards are up to date. */
  readonly settled: number;
  /** Whether users were marked since the last marks were taken: states are being written. */
  readonly isBusy: boolean;
}

export interface CatchUp {
  /**
   * Brings the boards up to the states of users who are marked, at most so many of each bucket. A mark goes only after that,
   * so nobody is lost where this dies in the middle.
   */
  run(usersPerBucket: number): Promise<CaughtUp>;
  /** Users who are marked. */
  waiting(): Promise<number>;
}

/**
 * The way from states to boards. A write of a state marks its user in the same script, and whoever keeps the boards reads
 * the marks: so the boards cost the relay next to nothing, a user who changes often is ranked once, and states are never late
 * because of them. A mark set while its user is being brought up to date lies in the set of marks, apart from those taken.
 */
export function createCatchUp({ redis, keyPrefix, writer }: CatchUpOptions): CatchUp {
  const scripts = defineBoardScripts(redis);

  async function take(bucket: number, limit: number): Promise<Taken> {
    const keys = [markedKey(keyPrefix, bucket), takenKey(keyPrefix, bucket)];
    const [hasMore, marks] = await scripts.boardsTakeMarked(keys.length, ...keys, limit);
    const values = marks.length === 0 ? [] : await redis.mget(marks.map((mark) => markKey(keyPrefix, bucket, mark)));
    const writes = marks.flatMap((mark, index) => toWrite(mark, values[index] ?? null));
    return { bucket, hasMore: hasMore === 1, marks, writes };
  }

  return {
    async run(usersPerBucket) {
      const taken = await Promise.all(ALL_BUCKETS.map((bucket) => take(bucket, usersPerBucket)));
      await writer.write(taken.flatMap(({ writes }) => writes));
      const settled = await Promise.all(
        taken.map(({ bucket, marks }) => (marks.length === 0 ? 0 : redis.srem(takenKey(keyPrefix, bucket), ...marks))),
      );
      return {
        settled: settled.reduce((sum, count) => sum + count, 0),
        isBusy: taken.some(({ hasMore }) => hasMore),
      };
    },
    async waiting() {
      const keys = ALL_BUCKETS.flatMap((bucket) => [markedKey(keyPrefix, bucket), takenKey(keyPrefix, bucket)]);
      const counts = await Promise.all(keys.map((key) => redis.scard(key)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}

type Taken = {
  readonly bucket: number;
  readonly hasMore: boolean;
  readonly marks: readonly string[];
  readonly writes: readonly StreakWrite[];
};

/** Nothing where the state is gone, as after Redis was emptied: a refill is coming. */
function toWrite(mark: string, value: string | null): readonly StreakWrite[] {
  const lookup = decodeStreakValue(value);
  const colon = mark.indexOf(':');
  const key = { ruleId: mark.slice(0, colon), userId: mark.slice(colon + 1) };
  switch (lookup.kind) {
    case 'found':
      return [{ ...key, generation: lookup.generation, state: lookup.state }];
    case 'deleted':
      return [{ ...key, generation: lookup.generation, state: null, version: lookup.version }];
    case 'miss':
      return [];
  }
}
