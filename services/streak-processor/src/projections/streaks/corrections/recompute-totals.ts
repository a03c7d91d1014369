import { dateArray, int8Array, textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { type LocalDay, MILLISECONDS_PER_DAY } from '@streaks/shared/domain/calendar/local-day';
import type { Session } from '@streaks/shared/domain/events/session';
import { compareUtf8 } from '@streaks/shared/domain/utf8-order';
import type { ClientBase } from 'pg';
import { activitySource } from '../additive/activity-source';
import { focusSource } from '../additive/focus-source';
import type { AdditiveEvent, RuleSource } from '../additive/rule-source';
import { collectDayDeltas, type DayDelta } from '../batch/day-deltas';
import { type EventColumns, toMs } from '../sql/event-table';

/** The greatest distance of a zone's clock from UTC is less. */
const MOST_OFFSET_MS = MILLISECONDS_PER_DAY;
/** No event is stored with an instant outside of these. */
const FIRST_MS = 0;
const LAST_MS = Date.UTC(10_000, 0, 1);

interface EventSpan {
  readonly userId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Counts all days of users anew, under both rules, from the events that are stored. The users, sorted by the bytes of their ids,
 * have no totals, and their buckets are held exclusively.
 */
export async function recomputeUsers(client: ClientBase, userIds: readonly string[]): Promise<void> {
  const spans = userIds.map((userId) => ({ userId, fromMs: FIRST_MS, toMs: LAST_MS }));
  await insertTotals(client, focusSource, await countDays(client, focusSource, spans));
  await insertTotals(client, activitySource, await countDays(client, activitySource, spans));
}

/** Counts the days of sessions that were deleted anew, from those that remain. Their users' buckets are held exclusively. */
export async function recomputeDaysOf(client: ClientBase, deleted: readonly Session[]): Promise<void> {
  const sorted = deleted.toSorted((one, other) => compareUtf8(one.userId, other.userId));
  const days = collectDayDeltas(focusSource, sorted);
  await client.query(
    `DELETE FROM daily_totals t USING unnest($1::text[], $2::date[]) AS k(user_id, local_date)
     WHERE t.user_id = k.user_id AND t.rule_id = $3 AND t.local_date = k.local_date`,
    [textArray(days.map(({ userId }) => userId)), dateArray(days.map(({ day }) => day)), focusSource.ruleId],
  );
  const wanted = new Set(days.map(keyOf));
  const counted = await countDays(client, focusSource, spansOf(days));
  await insertTotals(
    client,
    focusSource,
    counted.filter((delta) => wanted.has(keyOf(delta))),
  );
}

/** No id holds a space. */
const keyOf = ({ userId, day }: { readonly userId: string; readonly day: LocalDay }): string => `${userId} ${day}`;

/** For each user the instants that the days, which come sorted, may have in any zone. */
function spansOf(days: readonly DayDelta[]): readonly EventSpan[] {
  const spans: { userId: string; fromMs: number; toMs: number }[] = [];
  for (const { userId, day } of days) {
    const fromMs = day * MILLISECONDS_PER_DAY - MOST_OFFSET_MS;
    const toMs = (day + 1) * MILLISECONDS_PER_DAY + MOST_OFFSET_MS;
    const last = spans.at(-1);
    if (last?.userId === userId) last.toMs = toMs;
    else spans.push({ userId, fromMs, toMs });
  }
  return spans;
}

/** What the stored events that touch the spans add to their days. */
async function countDays<Event extends AdditiveEvent>(
  client: ClientBase,
  source: RuleSource<Event>,
  spans: readonly EventSpan[],
): Promise<readonly DayDelta[]> {
  const { rows } = await client.query<{ user_id: string; id: string; timezone: string; instants: string }>(
    findEvents(source.table),
    [
      textArray(spans.map(({ userId }) => userId)),
      timestamptzArray(spans.map(({ fromMs }) => fromMs)),
      timestamptzArray(spans.map(({ toMs: endMs }) => endMs)),
    ],
  );
  const events = rows.map(({ user_id, id, timezone, instants }) =>
    source.table.fromRow(user_id, id, instants.split(' ').map(Number), timezone),
  );
  return collectDayDeltas(source, events);
}

function findEvents({ name, idColumn, instants }: EventColumns): string {
  const [first, last] = [instants[0]?.column, instants.at(-1)?.column];
  return `
    SELECT e.user_id, e.${idColumn} AS id, e.timezone, concat_ws(' ', ${instants.map(({ column }) => toMs(`e.${column}`)).join(', ')}) AS instants
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS k(user_id, from_time, to_time, ord)
    JOIN ${name} e ON e.user_id = k.user_id AND e.${first} <= k.to_time AND e.${last} >= k.from_time
    ORDER BY k.ord`;
}

async function insertTotals<Event extends AdditiveEvent>(
  client: ClientBase,
  { ruleId }: RuleSource<Event>,
  deltas: readonly DayDelta[],
): Promise<void> {
  if (deltas.length === 0) return;
  await client.query(
    `INSERT INTO daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
     SELECT user_id, $1, local_date, total, latest_end, latest_id, latest_timezone
     FROM unnest($2::text[], $3::date[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[])
       AS k(user_id, local_date, total, latest_end, latest_id, latest_timezone)`,
    [
      ruleId,
      textArray(deltas.map(({ userId }) => userId)),
      dateArray(deltas.map(({ day }) => day)),
      int8Array(deltas.map(({ added }) => added)),
      timestamptzArray(deltas.map(({ latestEndMs }) => latestEndMs)),
      textArray(deltas.map(({ latestId }) => latestId)),
      textArray(deltas.map(({ latestTimezone }) => latestTimezone)),
    ],
  );
}
