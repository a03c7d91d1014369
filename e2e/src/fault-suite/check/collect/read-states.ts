import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';
import { isoDate } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import type { Pool } from 'pg';
import { type BridgingDays, bridgingOfDays, bridgingText } from '../bridging-text';
import type { StoredState, StoredStreak } from '../collected-run';
import { ms } from './read-events';

type StreakRow = Omit<StoredStreak, 'bridging'> & { readonly bridging: BridgingDays | null };

const textOf = (bridging: BridgingDays | null): string =>
  bridgingText(bridging === null ? null : bridgingOfDays(bridging));

export async function readStreaks(pool: Pool): Promise<StoredStreak[]> {
  const { rows } = await pool.query<StreakRow>(
    `SELECT rule_id AS rule, user_id AS "userId", timezone, version::int, current_run_length AS "currentRunLength",
            longest_run_length AS "longestRunLength", last_qualified_date::text AS "lastQualifiedDate",
            qualified_days_count AS "qualifiedDaysCount", bridging, is_unlisted AS "isUnlisted",
            coalesce(${ms('updated_at')}, 0) AS "updatedAtMs", ${ms('expires_at')} AS "expiresAtMs",
            (SELECT coalesce(json_agg(json_build_object('first', lower(run)::text, 'length', upper(run) - lower(run)) ORDER BY run), '[]')
               FROM unnest(runs) AS run) AS runs
       FROM user_streaks WHERE version > 0`,
  );
  return rows.map((row) => ({ ...row, bridging: textOf(row.bridging) }));
}

/** The body of a value: `r` runs, `z` zone, `u` time of the last event, `b` freeze steps and pauses, `h` unlisted. */
interface StateBody {
  readonly r: readonly (readonly [first: number, length: number])[];
  readonly z: string | null;
  readonly u?: number;
  readonly b?: readonly [
    freezes: readonly (readonly [from: number, earnEvery?: number, cap?: number])[],
    pauses: readonly (readonly [first: number, last: number])[],
  ];
  readonly h?: 1;
}

const KEY = /:streak:(focus|activity):(.+)$/s;
const VALUE = /^\d+:(\d+):(.*)$/s;

/** What Redis holds, parsed here from the documented format `<generation>:<version>:<json>` and not by the product. */
export async function readRedisStates({
  redis,
  redisKeyPrefix,
}: Pick<Pipeline, 'redis' | 'redisKeyPrefix'>): Promise<StoredState[]> {
  const states = new Map<string, StoredState>();
  for await (const keys of redis.scanStream({ match: `${redisKeyPrefix}*:streak:*`, count: 2_000 })) {
    const found = keys as string[];
    const values = found.length === 0 ? [] : await redis.mget(found);
    for (const [index, key] of found.entries()) {
      const [, rule, userId = ''] = KEY.exec(key) ?? [];
      const [, version, json] = VALUE.exec(values[index] ?? '') ?? [];
      if (rule === undefined || version === undefined || json === undefined || json === '-') continue;
      // SCAN may name a key twice.
      states.set(key, parseState(rule as ReferenceRule, userId, Number(version), JSON.parse(json) as StateBody));
    }
  }
  return [...states.values()];
}

function parseState(rule: ReferenceRule, userId: string, version: number, body: StateBody): StoredState {
  const { r, z, u = 0, b, h } = body;
  return {
    rule,
    userId,
    runs: r.map(([first, length]) => ({ first: isoDate(first), length })),
    timezone: z,
    version,
    bridging: textOf(b === undefined ? null : parseBridging(b)),
    isUnlisted: h === 1,
    updatedAtMs: u,
  };
}

function parseBridging([freezes, pauses]: NonNullable<StateBody['b']>): BridgingDays {
  return {
    freezes: freezes.map(([from, earnEvery, cap]) => ({
      from,
      rule: earnEvery === undefined || cap === undefined ? null : { earnEvery, cap },
    })),
    pauses: pauses.map(([first, last]) => ({ first, last })),
  };
}
