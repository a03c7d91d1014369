import type { ReferenceSession, ReferenceUser } from '@streaks/testing/reference-fold';
import { referenceFold } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { historyFaults } from './history-faults';
import { readHistory, readRedisStreaks, readStreakRows, type StreakRow } from './read-state';

type Stores = Pick<Pipeline, 'pool' | 'redis' | 'redisKeyPrefix'>;

export interface ExactStateOptions {
  /** All that was sent, repeats and all. Of two with one id the first counts. */
  readonly sessions: readonly ReferenceSession[];
  readonly targetMs?: number;
}

/**
 * Holds the stores against the reference fold: every session once, every total, every streak, a history without gaps that
 * leads to the state, and Redis equal to Postgres.
 */
export async function expectExactState(stores: Stores, options: ExactStateOptions): Promise<void> {
  const reference = referenceFold(options.sessions, options.targetMs ?? 1_800_000);
  await expectSessions(stores, options.sessions);
  await expectTotals(stores, reference);
  const rows = await expectStreaks(stores, reference);
  const history = await readHistory(stores);
  expect(firstOf(historyFaults(history, rows, reference))).toEqual([]);
  expect(await outboxFaults(stores)).toEqual([]);
  const stored = rows.map(({ userId, runs, timezone, version }) => ({ userId, runs, timezone, version }));
  expectSameRows(await readRedisStreaks(stores), stored, 'Redis');
}

async function expectSessions({ pool }: Stores, sessions: readonly ReferenceSession[]): Promise<void> {
  const { rows } = await pool.query<{ row: string }>(
    `SELECT concat_ws(' ', user_id, session_id, (extract(epoch FROM start_time) * 1000)::bigint,
                      (extract(epoch FROM end_time) * 1000)::bigint, timezone) AS row FROM focus_sessions`,
  );
  const wanted = new Map<string, string>();
  for (const { userId, sessionId, startMs, endMs, timezone } of sessions) {
    const id = `${userId} ${sessionId}`;
    if (!wanted.has(id)) wanted.set(id, `${id} ${startMs} ${endMs} ${timezone}`);
  }
  expectSameRows(rows.map(({ row }) => row).sort(), [...wanted.values()].sort(), 'focus_sessions');
}

async function expectTotals({ pool }: Stores, reference: ReadonlyMap<string, ReferenceUser>): Promise<void> {
  const { rows } = await pool.query<{ row: string }>(
    `SELECT concat_ws(' ', user_id, local_date, total, (extract(epoch FROM latest_end) * 1000)::bigint, latest_id,
                      latest_timezone) AS row FROM daily_totals WHERE rule_id = 'focus'`,
  );
  const wanted = [...reference].flatMap(([userId, { days }]) =>
    [...days].map(([date, { totalMs, latest }]) =>
      [userId, date, totalMs, latest.endMs, latest.sessionId, latest.timezone].join(' '),
    ),
  );
  expectSameRows(rows.map(({ row }) => row).sort(), wanted.sort(), 'daily_totals');
}

async function expectStreaks(stores: Stores, reference: ReadonlyMap<string, ReferenceUser>): Promise<StreakRow[]> {
  const rows = await readStreakRows(stores);
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
    }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.userId), Buffer.from(b.userId)));
  const received = rows.map(({ version: _, ...row }) => row);
  expectSameRows(received.map(sorted), wanted.map(sorted), 'user_streaks');
  return rows;
}

/** Numbers of each shard are used once each, from 1 to the shard's mark, by history and dead letters together. */
async function outboxFaults({ pool }: Stores): Promise<string[]> {
  const { rows } = await pool.query<{ fault: string }>(
    `WITH used AS (SELECT shard, out_seq FROM streak_history UNION ALL SELECT shard, out_seq FROM dead_letters)
     SELECT format('shard %s: %s numbers, %s distinct, last %s, mark %s', o.shard, count(u.out_seq),
                   count(DISTINCT u.out_seq), max(u.out_seq), o.out_seq) AS fault
       FROM outbox_shard o LEFT JOIN used u ON u.shard = o.shard GROUP BY o.shard, o.out_seq
     HAVING count(u.out_seq) <> o.out_seq OR count(DISTINCT u.out_seq) <> o.out_seq OR coalesce(max(u.out_seq), 0) <> o.out_seq`,
  );
  return rows.map(({ fault }) => fault);
}

/** Jest's own difference of 100,000 rows would take minutes; a few of each kind say enough. */
function expectSameRows(received: readonly unknown[], wanted: readonly unknown[], where: string): void {
  const receivedTexts = new Set(received.map((row) => JSON.stringify(row)));
  const wantedTexts = new Set(wanted.map((row) => JSON.stringify(row)));
  const missing = [...wantedTexts].filter((row) => !receivedTexts.has(row));
  const unexpected = [...receivedTexts].filter((row) => !wantedTexts.has(row));
  const summary = { where, rows: received.length, missing: firstOf(missing), unexpected: firstOf(unexpected) };
  expect(summary).toEqual({ where, rows: wanted.length, missing: [], unexpected: [] });
}

function firstOf<T>(rows: readonly T[]): readonly T[] {
  return rows.slice(0, 5);
}

function sorted<T extends object>(row: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
