import {
  dateArray,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '@streaks/exactly-once/binary/array-parameters';
import type { DecodedRecord } from '@streaks/exactly-once/projection';
import type { UserEvent } from '@streaks/shared/contracts/user-event';
import { foldSessions } from '@streaks/shared/domain/day-totals';
import { FOCUS_RULE } from '@streaks/shared/domain/rules';
import type { Session } from '@streaks/shared/domain/session';
import { summarise } from '@streaks/shared/domain/streak-state';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import { formatRuns } from '@streaks/shared/postgres/multirange';
import type { ClientBase } from 'pg';
import type { StreaksProjection } from '../projections/streaks/create-streaks-projection';
import type { Taken } from './log-tail';
import { writeRebuildPositions } from './rebuild-schema';

export interface AppliedCounts {
  readonly records: number;
  /** Records that cannot be used, by the decoder or by the store. They were dead letters before, and still are. */
  readonly unusable: number;
}

/** The attempt at which the projection no longer copies rows that may be there: it cannot fail with 23505. */
const SAFE_ATTEMPT = 2;

type EventRecord = DecodedRecord<UserEvent>;

const REMEMBER_LOSERS = `
  INSERT INTO rebuild.conflicts (user_id, session_id, start_time, end_time, timezone)
  SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
  ON CONFLICT DO NOTHING`;

/**
 * Applies records to the fresh tables and moves the positions, by the projection of the processor. The client's search_path
 * is `rebuild, public`. In its own transactions, or (`isOpen`) in the caller's.
 * @throws the store's error for what only the data can cause, where a transaction of the caller is open
 */
export async function applyToFresh(
  client: ClientBase,
  projection: StreaksProjection,
  { records, positions }: Taken,
  { isOpen }: { readonly isOpen: boolean },
): Promise<AppliedCounts> {
  const decoded = await projection.decode(records);
  const events = decoded.flatMap((result, index): EventRecord[] => {
    const source = records[index];
    return result.kind === 'event' && source !== undefined ? [{ source, event: result.event }] : [];
  });
  const undecoded = records.length - events.length;
  if (isOpen) {
    await fold(client, projection, events, SAFE_ATTEMPT);
    await writeRebuildPositions(client, positions);
    return { records: records.length, unusable: undecoded };
  }
  const refused = await foldInHalves(client, projection, events);
  // Apart from the records: those are no-ops when a crash in between has them applied again.
  await writeRebuildPositions(client, positions);
  return { records: records.length, unusable: undecoded + refused };
}

/** As the engine does: what the store refuses for its data is halved down to the record, which is left out. */
async function foldInHalves(
  client: ClientBase,
  projection: StreaksProjection,
  events: readonly EventRecord[],
  attempt = 0,
): Promise<number> {
  if (events.length === 0) return 0;
  try {
    await client.query('BEGIN');
    await fold(client, projection, events, attempt);
    await client.query('COMMIT');
    return 0;
  } catch (error) {
    await client.query('ROLLBACK');
    const kind = classifyStoreError(error);
    if (kind === 'retry-now' && attempt < SAFE_ATTEMPT) return foldInHalves(client, projection, events, attempt + 1);
    if (kind !== 'data') throw error;
    if (events.length === 1) return 1;
  }
  const middle = Math.ceil(events.length / 2);
  const first = await foldInHalves(client, projection, events.slice(0, middle));
  return first + (await foldInHalves(client, projection, events.slice(middle)));
}

async function fold(
  client: ClientBase,
  projection: StreaksProjection,
  events: readonly EventRecord[],
  attempt: number,
): Promise<void> {
  if (events.length === 0) return;
  const { rejected } = await projection.apply(client, events, attempt);
  if (rejected.length === 0) return;
  const sources = new Set(rejected.map(({ source }) => source));
  const losers = events.flatMap(({ source, event }) =>
    event.kind === 'session' && sources.has(source) ? [event] : [],
  );
  await client.query(REMEMBER_LOSERS, [
    textArray(losers.map(({ userId }) => userId)),
    textArray(losers.map(({ sessionId }) => sessionId)),
    timestamptzArray(losers.map(({ startMs }) => startMs)),
    timestamptzArray(losers.map(({ endMs }) => endMs)),
    textArray(losers.map(({ timezone }) => timezone)),
  ]);
}

const INSERT_DAYS = `
  INSERT INTO rebuild.daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
  SELECT user_id, '${FOCUS_RULE}', local_date, total, latest_end, latest_id, latest_timezone
  FROM unnest($1::text[], $2::date[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
    AS d(user_id, local_date, total, latest_end, latest_id, latest_timezone)`;

const INSERT_STREAKS = `
  INSERT INTO rebuild.user_streaks (user_id, rule_id, runs, current_run_length, longest_run_length, last_qualified_date,
    qualified_days_count, timezone, version)
  SELECT user_id, '${FOCUS_RULE}', runs::datemultirange, current_run, longest, last_date, days, timezone, 1
  FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::date[], $6::int[], $7::text[])
    AS s(user_id, runs, current_run, longest, last_date, days, timezone)`;

/** Folds whole users from nothing: all of each one's sessions. Their totals and streaks must not be in the fresh tables. */
export async function foldUsers(client: ClientBase, sessions: readonly Session[], targetMs: number): Promise<void> {
  const folded = [...groupByUser(sessions)].map(([userId, own]) => ({ userId, ...foldSessions(own, targetMs) }));
  const days = folded.flatMap(({ userId, dailyTotals }) =>
    [...dailyTotals].map(([day, { milliseconds, latest }]) => ({ userId, day, milliseconds, latest })),
  );
  if (days.length === 0) return;
  await client.query(INSERT_DAYS, [
    textArray(days.map(({ userId }) => userId)),
    dateArray(days.map(({ day }) => day)),
    int8Array(days.map(({ milliseconds }) => milliseconds)),
    timestamptzArray(days.map(({ latest }) => latest.endMs)),
    textArray(days.map(({ latest }) => latest.id)),
    textArray(days.map(({ latest }) => latest.timezone)),
  ]);
  const streaks = folded
    .filter(({ state }) => state.runs.length > 0)
    .map(({ userId, state }) => ({ userId, ...state, ...summarise(state) }));
  await client.query(INSERT_STREAKS, [
    textArray(streaks.map(({ userId }) => userId)),
    textArray(streaks.map(({ runs }) => formatRuns(runs))),
    int4Array(streaks.map(({ currentRunLength }) => currentRunLength)),
    int4Array(streaks.map(({ longest }) => longest)),
    dateArray(streaks.map(({ lastQualifiedDate }) => lastQualifiedDate)),
    int4Array(streaks.map(({ qualifiedDaysCount }) => qualifiedDaysCount)),
    textArray(streaks.map(({ timezone }) => timezone)),
  ]);
}

function groupByUser(sessions: readonly Session[]): ReadonlyMap<string, readonly Session[]> {
  const users = new Map<string, Session[]>();
  for (const session of sessions) {
    const own = users.get(session.userId);
    if (own === undefined) users.set(session.userId, [session]);
    else own.push(session);
  }
  return users;
}

/** Sessions of the fresh table, by a condition on `user_id`, in the order that `foldUsers` wants. */
export async function readFreshSessions(
  client: ClientBase,
  condition: string,
  values: readonly unknown[],
): Promise<readonly Session[]> {
  const { rows } = await client.query<Record<'user_id' | 'session_id' | 'start_ms' | 'end_ms' | 'timezone', string>>(
    `SELECT user_id, session_id, (extract(epoch FROM start_time) * 1000)::bigint AS start_ms,
            (extract(epoch FROM end_time) * 1000)::bigint AS end_ms, timezone
     FROM rebuild.focus_sessions WHERE ${condition} ORDER BY user_id, session_id`,
    [...values],
  );
  return rows.map(({ user_id: userId, session_id: sessionId, start_ms, end_ms, timezone }) => {
    return { userId, sessionId, startMs: Number(start_ms), endMs: Number(end_ms), timezone };
  });
}

// Of two sessions of one identity the first *committed* is kept, which a replay cannot know: partitions were interleaved otherwise.
const TAKE_LIVE_WINNERS = `
  UPDATE rebuild.focus_sessions f SET start_time = l.start_time, end_time = l.end_time, timezone = l.timezone
  FROM rebuild.conflicts c JOIN public.focus_sessions l USING (user_id, session_id, start_time, end_time, timezone)
  WHERE f.user_id = l.user_id AND f.session_id = l.session_id
    AND (f.start_time, f.end_time, f.timezone) IS DISTINCT FROM (l.start_time, l.end_time, l.timezone)
  RETURNING f.user_id`;

/** Where the live table kept another of two conflicting sessions that are both in the log, the fresh one follows. Returns how many. */
export async function settleConflicts(client: ClientBase, targetMs: number): Promise<number> {
  const { rows } = await client.query<{ user_id: string }>(TAKE_LIVE_WINNERS);
  if (rows.length === 0) return 0;
  const userIds = [...new Set(rows.map(({ user_id }) => user_id))];
  for (const table of ['daily_totals', 'user_streaks']) {
    await client.query(`DELETE FROM rebuild.${table} WHERE user_id = ANY($1::text[]) AND rule_id = $2`, [
      userIds,
      FOCUS_RULE,
    ]);
  }
  await foldUsers(client, await readFreshSessions(client, 'user_id = ANY($1::text[])', [userIds]), targetMs);
  return rows.length;
}
