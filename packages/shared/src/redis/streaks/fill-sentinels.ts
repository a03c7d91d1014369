import type { Redis } from 'ioredis';
import { RULE_IDS, type RuleId } from '../../domain/rules';
import { boardKeys } from '../boards/board-keys';
import { defineBoardScripts } from '../boards/board-scripts';
import { ALL_BUCKETS, fillKey, runKey, sentinelKey } from './streak-keys';
import { defineStreakScripts } from './streak-scripts';
import type { StreakStore } from './streak-store';

const UNKNOWN_RUN = 'unknown';

/** What is filled and vouched for as a whole: a bucket of states, or the boards of a rule. */
interface Part {
  readonly sentinel: string;
  readonly fill: string;
  readonly run: string;
  /** Sets the sentinel where the refill still has its name. Resolves to 1 where it now stands. */
  markFilled(name: string, runId: string, generation: bigint): Promise<number>;
}

type FillSentinels = Pick<StreakStore, 'missingBuckets' | 'missingBoards' | 'beginFill' | 'markFilled'>;

/** The part of a streak store that knows what is there in full; boards only where they are written. */
export function createFillSentinels(redis: Redis, keyPrefix: string, hasBoards: boolean): FillSentinels {
  const streakScripts = defineStreakScripts(redis);
  const boardScripts = defineBoardScripts(redis);
  const boardRules: readonly RuleId[] = hasBoards ? RULE_IDS : [];

  function bucketPart(bucket: number): Part {
    const sentinel = sentinelKey(keyPrefix, bucket);
    const fill = fillKey(keyPrefix, bucket);
    const run = runKey(keyPrefix, bucket);
    return {
      sentinel,
      fill,
      run,
      markFilled: (...values) => streakScripts.streaksMarkFilled(3, sentinel, fill, run, ...values.map(String)),
    };
  }

  function boardPart(ruleId: RuleId): Part {
    const { sentinel, fill, run, contents, qualified, current, expiry, members } = boardKeys(keyPrefix, ruleId);
    const keys = [sentinel, fill, run, contents, qualified, current, expiry, members];
    return {
      sentinel,
      fill,
      run,
      markFilled: (...values) => boardScripts.boardsMarkFilled(keys.length, ...keys, ...values.map(String)),
    };
  }

  async function isMissing({ sentinel, run }: Part, runId: string, generation: bigint): Promise<boolean> {
    const [filled, filledOnRun] = await redis.mget(sentinel, run);
    return !isSentinel(filled) || BigInt(filled) < generation || filledOnRun !== runId;
  }

  async function missing<Name>(
    names: readonly Name[],
    partOf: (name: Name) => Part,
    generation: bigint,
  ): Promise<readonly Name[]> {
    const runId = await readRunId(redis);
    const answers = await Promise.all(names.map((name) => isMissing(partOf(name), runId, generation)));
    return names.filter((_, index) => answers[index]);
  }

  const parts = [...ALL_BUCKETS.map(bucketPart), ...boardRules.map(boardPart)];

  return {
    missingBuckets: (generation) => missing(ALL_BUCKETS, bucketPart, generation),
    missingBoards: (generation) => missing(boardRules, boardPart, generation),

    async beginFill(fillId) {
      const runId = await readRunId(redis);
      await Promise.all(
        parts.map(({ sentinel, fill, run }) =>
          streakScripts.streaksBeginFill(3, sentinel, fill, run, fillName(fillId, runId), runId),
        ),
      );
    },

    async markFilled(generation, fillId) {
      const runId = await readRunId(redis);
      const name = fillName(fillId, runId);
      const stands = await Promise.all(parts.map((part) => part.markFilled(name, runId, generation)));
      return stands.slice(0, ALL_BUCKETS.length).reduce((sum, stand) => sum + stand, 0);
    },
  };
}

export function isSentinel(value: string | null | undefined): value is string {
  return typeof value === 'string' && /^\d{1,16}$/.test(value);
}

/** With the run in it: a restart in the middle may bring the name back from a snapshot, but not what was written since. */
function fillName(fillId: string, runId: string): string {
  return `${runId}/${fillId}`;
}

/** Which run of the server answers. One that keeps it to itself is taken for always the same. */
async function readRunId(redis: Redis): Promise<string> {
  try {
    return /^run_id:([0-9a-f]+)/m.exec(await redis.info('server'))?.[1] ?? UNKNOWN_RUN;
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) {
      return UNKNOWN_RUN;
    }
    throw error;
  }
}
