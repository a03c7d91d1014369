import { dateArray, int8Array, textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { createCopyRows } from '@streaks/exactly-once/binary/copy-rows';
import type { ClientBase } from 'pg';
import type { DayDelta } from '../batch/day-deltas';
import { hashNumber, hashText, type KnownKeys } from '../memory/known-keys';
import { FOCUS_RULE } from '../streak-change';
import { copyNewRows } from './copy-new-rows';

/** A day as the transaction leaves it. */
export interface DayTotal {
  readonly totalMs: number;
  /** Zone of the day's latest event. */
  readonly timezone: string;
  /** The same before the transaction; undefined for a day without events before it. */
  readonly timezoneBefore: string | undefined;
}

const EXPECTED_ROW_BYTES = 170;

const DELTAS = `unnest($2::text[], $3::date[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[])
    WITH ORDINALITY AS k(user_id, local_date, added, latest_end, latest_id, latest_timezone, ord)`;

/** Of the day's latest event and the added one the later: the greater end, then the greater id by bytes. */
const keepLatest = (added: string): string =>
  ['latest_end', 'latest_id', 'latest_timezone']
    .map((column) => {
      const isLater = `(${added}.latest_end, ${added}.latest_id) > (t.latest_end, t.latest_id)`;
      return `${column} = CASE WHEN ${isLater} THEN ${added}.${column} ELSE t.${column} END`;
    })
    .join(', ');

// Always "total + delta": another owner may add to the same day at the same time.
//
// MERGE only updates here. It is there for its outer join, which leaves the planner one plan whatever it believes of the
// table: the deltas in their order, each with a look-up by key. That is the order of the locks, and the join of UPDATE …
// FROM turns into a scan of the whole table per delta where it was planned while the table was small.
const ADD_TO_EXISTING = `
  WITH updated AS (
    MERGE INTO daily_totals t
    USING (SELECT *, $1::text AS rule_id FROM ${DELTAS} OFFSET 0) AS k
    ON t.user_id = k.user_id AND t.rule_id = k.rule_id AND t.local_date = k.local_date
    WHEN MATCHED THEN UPDATE SET total = t.total + k.added, ${keepLatest('k')}
    WHEN NOT MATCHED AND k.ord < 0 THEN INSERT (user_id) VALUES (k.user_id)
    RETURNING k.ord, k.latest_timezone AS added_timezone, new.total, old.latest_timezone AS before, new.latest_timezone AS after
  )
  SELECT string_agg(ord::text, ',') AS places, string_agg(total::text, ',') AS totals,
         json_agg(json_build_array(ord, before, after)) FILTER (WHERE before <> after OR added_timezone <> after) AS zones
  FROM updated`;

const COPY_NEW = `COPY daily_totals (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
  FROM STDIN (FORMAT binary)`;

const INSERT_OR_ADD = `
  INSERT INTO daily_totals AS t (user_id, rule_id, local_date, total, latest_end, latest_id, latest_timezone)
  SELECT user_id, $1, local_date, added, latest_end, latest_id, latest_timezone FROM ${DELTAS} ORDER BY ord
  ON CONFLICT (user_id, rule_id, local_date) DO UPDATE SET
    total = t.total + excluded.total,
    ${keepLatest('excluded')}
  RETURNING new.total, old.latest_timezone AS before, new.latest_timezone AS after`;

/**
 * Adds the deltas, sorted by user and day and distinct, and returns the days as they are then, in the same order.
 *
 * Rows that exist are updated first and the others inserted after them, on every path and each sorted, so that two owners
 * of the same users take their locks in one order. Days that are not known are taken to be new on the first attempt, and
 * new rows are copied on the first two (23505 where one was there, or another owner creates it at the same time); a later
 * attempt inserts them or adds to them.
 */
export async function addDayTotals(
  client: ClientBase,
  deltas: readonly DayDelta[],
  attempt: number,
  known: KnownKeys,
): Promise<readonly DayTotal[]> {
  known.beginBatch();
  const suspects: number[] = [];
  for (const [place, { userId, day }] of deltas.entries()) {
    if (known.mayExist(hashNumber(day, hashText(userId))) || attempt > 0) suspects.push(place);
  }
  const totals = new Array<DayTotal | undefined>(deltas.length).fill(undefined);
  const at = (places: readonly number[]) => places.map((place) => deltas[place] as DayDelta);
  if (suspects.length > 0) place(totals, suspects, await addToExisting(client, at(suspects)));
  const missing = [...deltas.keys()].filter((index) => totals[index] === undefined);
  if (missing.length > 0) {
    const believed = suspects.length < deltas.length ? known : undefined;
    const added = attempt > 1 ? insertOrAdd(client, at(missing)) : copyNew(client, at(missing), believed);
    place(totals, missing, await added);
  }
  return totals as readonly DayTotal[];
}

function place<Value>(all: Value[], places: readonly number[], values: readonly Value[]): void {
  for (const [index, value] of values.entries()) all[places[index] as number] = value;
}

async function addToExisting(client: ClientBase, deltas: readonly DayDelta[]): Promise<(DayTotal | undefined)[]> {
  const { rows } = await client.query<{
    places: string | null;
    totals: string | null;
    zones: readonly (readonly [place: number, before: string, after: string])[] | null;
  }>({ name: 'streaks_add_totals', text: ADD_TO_EXISTING, values: parameters(deltas) });
  const totals = new Array<DayTotal | undefined>(deltas.length).fill(undefined);
  const [row] = rows;
  if (row === undefined || row.places === null || row.totals === null) return totals;
  const totalTexts = row.totals.split(',');
  for (const [index, text] of row.places.split(',').entries()) {
    const place = Number(text) - 1;
    const { timezone } = (deltas[place] as DayDelta).latest;
    totals[place] = { totalMs: Number(totalTexts[index]), timezone, timezoneBefore: timezone };
  }
  for (const [ord, before, after] of row.zones ?? []) {
    const total = totals[ord - 1] as DayTotal;
    totals[ord - 1] = { totalMs: total.totalMs, timezone: after, timezoneBefore: before };
  }
  return totals;
}

async function copyNew(
  client: ClientBase,
  deltas: readonly DayDelta[],
  believed: KnownKeys | undefined,
): Promise<readonly DayTotal[]> {
  const rows = createCopyRows(7, deltas.length * EXPECTED_ROW_BYTES);
  for (const { userId, day, addedMs, latest } of deltas) {
    rows.row();
    rows.text(userId);
    rows.text(FOCUS_RULE);
    rows.date(day);
    rows.int8(addedMs);
    rows.timestamptz(latest.endMs);
    rows.text(latest.sessionId);
    rows.text(latest.timezone);
  }
  await copyNewRows(client, COPY_NEW, rows.finish(), believed);
  return deltas.map(({ addedMs, latest }) => ({
    totalMs: addedMs,
    timezone: latest.timezone,
    timezoneBefore: undefined,
  }));
}

async function insertOrAdd(client: ClientBase, deltas: readonly DayDelta[]): Promise<readonly DayTotal[]> {
  const { rows } = await client.query<{ total: string; before: string | null; after: string }>({
    name: 'streaks_insert_totals',
    text: INSERT_OR_ADD,
    values: parameters(deltas),
  });
  return rows.map(({ total, before, after }) => ({
    totalMs: Number(total),
    timezone: after,
    timezoneBefore: before ?? undefined,
  }));
}

function parameters(deltas: readonly DayDelta[]): (string | Buffer)[] {
  return [
    FOCUS_RULE,
    textArray(deltas.map(({ userId }) => userId)),
    dateArray(deltas.map(({ day }) => day)),
    int8Array(deltas.map(({ addedMs }) => addedMs)),
    timestamptzArray(deltas.map(({ latest }) => latest.endMs)),
    textArray(deltas.map(({ latest }) => latest.sessionId)),
    textArray(deltas.map(({ latest }) => latest.timezone)),
  ];
}
