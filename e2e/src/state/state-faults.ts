import { type ReferenceSession, type ReferenceUser, referenceFold } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { historyFaults } from './history-faults';
import { readHistory, readRedisStreaks, readStreakRows, type StreakRow } from './read-state';

type Stores = Pick<Pipeline, 'pool' | 'redis' | 'redisKeyPrefix'>;

const EXAMPLES = 5;

/**
 * Holds the stores against the reference fold of all that was sent (repeats and all; of two with one id the first counts):
 * every session once, every total, every streak, a history without gaps that leads to the state, Redis equal to Postgres.
 * Returns what is wrong, with a few examples of each kind; empty when all is exact.
 */
export async function stateFaults(
  stores: Stores,
  sessions: readonly ReferenceSession[],
  targetMs = 1_800_000,
): Promise<string[]> {
  const reference = referenceFold(sessions, targetMs);
  const rows = await readStreakRows(stores);
  const stored = rows.map(({ userId, runs, timezone, version }) => ({ userId, runs, timezone, version }));
  return [
    ...(await sessionFaults(stores, sessions)),
    ...(await totalFaults(stores, reference)),
    ...streakFaults(rows, reference),
    ...historyFaults(await readHistory(stores), rows, reference).slice(0, EXAMPLES),
    ...(await outboxFaults(stores)),
    ...differences('Redis', await readRedisStreaks(stores), stored),
  ];
}

async function sessionFaults({ pool }: Stores, sessions: readonly ReferenceSession[]): Promise<string[]> {
  const { rows } = await pool.query<{ row: string }>(
    `SELECT concat_ws(' ', user_id, session_id, (extract(epoch FROM start_time) * 1000)::bigint,
                      (extract(epoch FROM end_time) * 1000)::bigint, timezone) AS row FROM focus_sessions`,
  );
  const wanted = new Map<string, string>();
  for (const { userId, sessionId, startMs, endMs, timezone } of sessions) {
    const id = `${userId} ${sessionId}`;
    if (!wanted.has(id)) wanted.set(id, `${id} ${startMs} ${endMs} ${timezone}`);
  }
  return differences(
    'focus_sessions',
    rows.map(({ row }) => row),
    [...wanted.values()],
  );
}

async function totalFaults({ pool }: Stores, reference: ReadonlyMap<string, ReferenceUser>): Promise<string[]> {
  const { rows } = await pool.query<{ row: string }>(
    `SELECT concat_ws(' ', user_id, local_date, total, (extract(epoch FROM latest_end) * 1000)::bigint, latest_id,
                      latest_timezone) AS row FROM daily_totals WHERE rule_id = 'focus'`,
  );
  const wanted = [...reference].flatMap(([userId, { days }]) =>
    [...days].map(([date, { totalMs, latest }]) =>
      [userId, date, totalMs, latest.endMs, latest.sessionId, latest.timezone].join(' '),
    ),
  );
  return differences(
    'daily_totals',
    rows.map(({ row }) => row),
    wanted,
  );
}

function streakFaults(rows: readonly StreakRow[], reference: ReadonlyMap<string, ReferenceUser>): string[] {
  const wanted = [...reference]
    .filter(([, { runs }]) => runs.length > 0)
    .map(([userId, { runs, timezone, qualifiedDates }]) => ({
      userId,
      runs,
      timezone,
      currentRunLength: runs.at(-1)?.length ?? 0,
      longestRunLength: Math.max(...runs.map(({ length }) => length)),
      lastQualifiedDate: qualifiedDates.at(-1) ?? null,
      qualifiedDaysCount: qualifiedDates.length,
    }));
  const received = rows.map(({ version: _, ...row }) => row);
  return differences('user_streaks', received, wanted);
}

/** Numbers of each shard are used once each, from 1 to the shard's mark, by history and dead letters together. */
async function outboxFaults({ pool }: Stores): Promise<string[]> {
  const { rows } = await pool.query<{ fault: string }>(
    `WITH used AS (SELECT shard, out_seq FROM streak_history UNION ALL SELECT shard, out_seq FROM dead_letters)
     SELECT format('outbox shard %s: %s numbers, %s distinct, last %s, mark %s', o.shard, count(u.out_seq),
                   count(DISTINCT u.out_seq), max(u.out_seq), o.out_seq) AS fault
       FROM outbox_shard o LEFT JOIN used u ON u.shard = o.shard GROUP BY o.shard, o.out_seq
     HAVING count(u.out_seq) <> o.out_seq OR count(DISTINCT u.out_seq) <> o.out_seq OR coalesce(max(u.out_seq), 0) <> o.out_seq`,
  );
  return rows.map(({ fault }) => fault);
}

/** Compares as sets and by number; Jest's own difference of 100,000 rows would take minutes. */
function differences(where: string, received: readonly unknown[], wanted: readonly unknown[]): string[] {
  const receivedTexts = new Set(received.map(canonical));
  const wantedTexts = new Set(wanted.map(canonical));
  const missing = [...wantedTexts].filter((row) => !receivedTexts.has(row));
  const unexpected = [...receivedTexts].filter((row) => !wantedTexts.has(row));
  return [
    ...(received.length === wanted.length ? [] : [`${where}: ${received.length} rows, not ${wanted.length}`]),
    ...missing.slice(0, EXAMPLES).map((row) => `${where}, missing (of ${missing.length}): ${row}`),
    ...unexpected.slice(0, EXAMPLES).map((row) => `${where}, unexpected (of ${unexpected.length}): ${row}`),
  ];
}

/** The order of fields says nothing. */
function canonical(row: unknown): string {
  if (typeof row !== 'object' || row === null) return String(row);
  return JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
}
