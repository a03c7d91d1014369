import { dateArray, int8Array, textArray, timestamptzArray } from '@streaks/exactly-once/binary/array-parameters';
import { createCopyRows } from '@streaks/exactly-once/binary/copy-rows';
import type { RuleId } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import type { DayDelta } from '../batch/day-deltas';
import { hashNumber, hashText, type KnownKeys } from '../memory/known-keys';
import { copyNewRows } from './copy-new-rows';

/** Days as the transaction leaves them, in the order of the deltas. */
export interface DayTotals {
  readonly totals: Float64Array;
  /**
   * Zone of the day's latest event, and the same before the transaction (undefined for a new day), by place. A day that is
   * not here has the zone of the delta's latest event, and if it was there before, had it then.
   */
  readonly zones: ReadonlyMap<number, DayZone>;
}

export interface DayZone {
  readonly timezone: string;
  readonly before: string | undefined;
}

interface GrowingTotals extends DayTotals {
  readonly zones: Map<number, DayZone>;
}

/** No day's total, since days are only in there with what events added. */
const MISSING = -1;

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
  ruleId: RuleId,
  deltas: readonly DayDelta[],
  attempt: number,
  known: KnownKeys,
): Promise<DayTotals> {
  known.beginBatch();
  const days: GrowingTotals = { totals: new Float64Array(deltas.length).fill(MISSING), zones: new Map() };
  const suspects: number[] = [];
  for (let place = 0; place < deltas.length; place += 1) {
    const { userId, day } = deltas[place] as DayDelta;
    if (known.mayExist(hashNumber(day, hashText(userId))) || attempt > 0) suspects.push(place);
  }
  if (suspects.length > 0) await addToExisting(client, ruleId, deltas, suspects, days);
  const missing: number[] = [];
  for (let place = 0; place < deltas.length; place += 1) {
    if (days.totals[place] === MISSING) missing.push(place);
  }
  if (missing.length === 0) return days;
  const believed = suspects.length < deltas.length ? known : undefined;
  if (attempt > 1) await insertOrAdd(client, ruleId, deltas, missing, days);
  else await copyNew(client, ruleId, deltas, missing, days, believed);
  return days;
}

/** Adds to those of the days at `places` that are there. */
async function addToExisting(
  client: ClientBase,
  ruleId: RuleId,
  deltas: readonly DayDelta[],
  places: readonly number[],
  days: GrowingTotals,
): Promise<void> {
  const { rows } = await client.query<{
    places: string | null;
    totals: string | null;
    zones: readonly (readonly [ord: number, before: string, after: string])[] | null;
  }>({ name: 'streaks_add_totals', text: ADD_TO_EXISTING, values: parameters(ruleId, deltas, places) });
  const [row] = rows;
  if (row === undefined || row.places === null || row.totals === null) return;
  const totalTexts = row.totals.split(',');
  for (const [index, ord] of row.places.split(',').entries()) {
    days.totals[places[Number(ord) - 1] as number] = Number(totalTexts[index]);
  }
  for (const [ord, before, after] of row.zones ?? []) {
    days.zones.set(places[ord - 1] as number, { timezone: after, before });
  }
}

async function copyNew(
  client: ClientBase,
  ruleId: RuleId,
  deltas: readonly DayDelta[],
  places: readonly number[],
  days: GrowingTotals,
  believed: KnownKeys | undefined,
): Promise<void> {
  const rows = createCopyRows(7, places.length * EXPECTED_ROW_BYTES);
  for (const place of places) {
    const { userId, day, added, latestEndMs, latestId, latestTimezone } = deltas[place] as DayDelta;
    rows.row();
    rows.text(userId);
    rows.text(ruleId);
    rows.date(day);
    rows.int8(added);
    rows.timestamptz(latestEndMs);
    rows.text(latestId);
    rows.text(latestTimezone);
    days.totals[place] = added;
  }
  await copyNewRows(client, COPY_NEW, rows.finish(), believed);
}

async function insertOrAdd(
  client: ClientBase,
  ruleId: RuleId,
  deltas: readonly DayDelta[],
  places: readonly number[],
  days: GrowingTotals,
): Promise<void> {
  const { rows } = await client.query<{ total: string; before: string | null; after: string }>({
    name: 'streaks_insert_totals',
    text: INSERT_OR_ADD,
    values: parameters(ruleId, deltas, places),
  });
  for (const [index, { total, before, after }] of rows.entries()) {
    const place = places[index] as number;
    days.totals[place] = Number(total);
    days.zones.set(place, { timezone: after, before: before ?? undefined });
  }
}

function parameters(ruleId: RuleId, all: readonly DayDelta[], places: readonly number[]): (string | Buffer)[] {
  const deltas = places.map((place) => all[place] as DayDelta);
  return [
    ruleId,
    textArray(deltas.map(({ userId }) => userId)),
    dateArray(deltas.map(({ day }) => day)),
    int8Array(deltas.map(({ added }) => added)),
    timestamptzArray(deltas.map(({ latestEndMs }) => latestEndMs)),
    textArray(deltas.map(({ latestId }) => latestId)),
    textArray(deltas.map(({ latestTimezone }) => latestTimezone)),
  ];
}
