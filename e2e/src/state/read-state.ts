import type { Pipeline } from '@streaks/testing/start-pipeline';

/** A user's state as a table and Redis both can say it. */
export interface StoredStreak {
  readonly userId: string;
  /** First day and length of each run, in order. */
  readonly runs: readonly { readonly first: string; readonly length: number }[];
  readonly timezone: string | null;
  readonly version: number;
}

export interface StreakRow extends StoredStreak {
  readonly currentRunLength: number;
  readonly longestRunLength: number;
  readonly lastQualifiedDate: string | null;
  readonly qualifiedDaysCount: number;
}

export interface HistoryRow {
  readonly userId: string;
  readonly version: number;
  readonly qualifiedDate: string | null;
  readonly currentBefore: number;
  readonly currentAfter: number;
  readonly longestBefore: number;
  readonly longestAfter: number;
  readonly qualifiedDaysBefore: number;
  readonly qualifiedDaysAfter: number;
  readonly lastQualifiedBefore: string | null;
  readonly lastQualifiedAfter: string | null;
}

type Rows = Pick<Pipeline, 'pool'>;
type Keys = Pick<Pipeline, 'redis' | 'redisKeyPrefix'>;

export async function readStreakRows({ pool }: Rows): Promise<StreakRow[]> {
  const { rows } = await pool.query<StreakRow>(
    `SELECT user_id AS "userId", timezone, version::int, current_run_length AS "currentRunLength",
            longest_run_length AS "longestRunLength", last_qualified_date::text AS "lastQualifiedDate",
            qualified_days_count AS "qualifiedDaysCount",
            (SELECT coalesce(json_agg(json_build_object('first', lower(run)::text, 'length', upper(run) - lower(run)) ORDER BY run), '[]')
               FROM unnest(runs) AS run) AS runs
       FROM user_streaks WHERE rule_id = 'focus' AND version > 0 ORDER BY user_id`,
  );
  return rows;
}

/** All of the history, each user's rows in version order. */
export async function readHistory({ pool }: Rows): Promise<HistoryRow[]> {
  const { rows } = await pool.query<HistoryRow>(
    `SELECT user_id AS "userId", version::int, qualified_date::text AS "qualifiedDate",
            current_before AS "currentBefore", current_after AS "currentAfter",
            longest_before AS "longestBefore", longest_after AS "longestAfter",
            qualified_days_before AS "qualifiedDaysBefore", qualified_days_after AS "qualifiedDaysAfter",
            last_qualified_before::text AS "lastQualifiedBefore", last_qualified_after::text AS "lastQualifiedAfter"
       FROM streak_history WHERE rule_id = 'focus' ORDER BY user_id, version`,
  );
  return rows;
}

const DAY_MS = 86_400_000;

/** What Redis holds, parsed here from the documented format `<generation>:<version>:<json>` and not by the product. */
export async function readRedisStreaks({ redis, redisKeyPrefix }: Keys): Promise<StoredStreak[]> {
  const streaks: StoredStreak[] = [];
  for await (const keys of redis.scanStream({ match: `${redisKeyPrefix}*:streak:focus:*`, count: 2_000 })) {
    const found = keys as string[];
    if (found.length === 0) continue;
    const values = await redis.mget(found);
    for (const [index, key] of found.entries()) {
      const [, version, json] = /^\d+:(\d+):(.*)$/s.exec(values[index] ?? '') ?? [];
      if (version === undefined || json === undefined || json === '-') continue;
      const { r, z } = JSON.parse(json) as { r: [number, number][]; z: string | null };
      streaks.push({
        userId: key.slice(key.indexOf(':streak:focus:') + ':streak:focus:'.length),
        runs: r.map(([first, length]) => ({ first: new Date(first * DAY_MS).toISOString().slice(0, 10), length })),
        timezone: z,
        version: Number(version),
      });
    }
  }
  // SCAN may name a key twice.
  const byUser = new Map(streaks.map((streak) => [streak.userId, streak]));
  return [...byUser.values()].sort((a, b) => Buffer.compare(Buffer.from(a.userId), Buffer.from(b.userId)));
}
