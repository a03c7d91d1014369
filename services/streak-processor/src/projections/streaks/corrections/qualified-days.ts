import { dateArray, textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { DefaultTargets, RuleId } from '@streaks/shared/domain/rules';
import { lastDayOf, lastRun, type Runs, runsFromDays } from '@streaks/shared/domain/streaks/runs';
import type { ClientBase } from 'pg';
import type { UserRules } from '../specials/user-rules';

// One look-up by key per user; the days as one text, since a page of members has many of them.
const FIND_DAYS = `
  SELECT k.ord::int AS ord, string_agg(concat(d.local_date - DATE '1970-01-01', ' ', d.total), ',') AS days
  FROM unnest($1::text[]) WITH ORDINALITY AS k(user_id, ord)
  CROSS JOIN LATERAL (
    SELECT local_date, total FROM daily_totals t WHERE t.user_id = k.user_id AND t.rule_id = $2 OFFSET 0
  ) AS d
  GROUP BY k.ord`;

const FIND_ZONES = `
  SELECT k.ord::int AS ord, d.latest_timezone AS timezone
  FROM unnest($1::text[], $2::date[]) WITH ORDINALITY AS k(user_id, local_date, ord)
  CROSS JOIN LATERAL (
    SELECT latest_timezone FROM daily_totals t
    WHERE t.user_id = k.user_id AND t.rule_id = $3 AND t.local_date = k.local_date OFFSET 0
  ) AS d`;

/** What a user's totals amount to under a rule. */
export interface QualifiedDays {
  readonly runs: Runs;
  /** Zone of the event that ended last on the last qualified day; null without one. */
  readonly timezone: string | null;
}

/** Each stored day against the target that it has; in the order of the users. */
export async function findQualifiedDays(
  client: ClientBase,
  ruleId: RuleId,
  userIds: readonly string[],
  rules: UserRules,
  targets: DefaultTargets,
): Promise<readonly QualifiedDays[]> {
  const found = await client.query<{ ord: number; days: string }>(FIND_DAYS, [textArray(userIds), ruleId]);
  const runs = new Array<Runs>(userIds.length).fill([]);
  for (const { ord, days } of found.rows) {
    const targetOn = rules.targetsOf(ruleId, userIds[ord - 1] as string);
    runs[ord - 1] = runsFromDays(qualified(days, (day) => targetOn?.(day) ?? targets[ruleId]));
  }
  const places = [...runs.keys()].filter((place) => (runs[place] as Runs).length > 0);
  const zones = new Map<number, string>();
  if (places.length > 0) {
    const { rows } = await client.query<{ ord: number; timezone: string }>(FIND_ZONES, [
      textArray(places.map((place) => userIds[place] as string)),
      dateArray(places.map((place) => lastQualifiedDay(runs[place] as Runs))),
      ruleId,
    ]);
    for (const { ord, timezone } of rows) zones.set(places[ord - 1] as number, timezone);
  }
  return runs.map((ofUser, place) => ({ runs: ofUser, timezone: zones.get(place) ?? null }));
}

function* qualified(days: string, targetOn: (day: LocalDay) => number): Iterable<LocalDay> {
  for (const text of days.split(',')) {
    const [number, total] = text.split(' ');
    const day = Number(number) as LocalDay;
    if (Number(total) >= targetOn(day)) yield day;
  }
}

function lastQualifiedDay(runs: Runs): LocalDay | null {
  const last = lastRun(runs);
  return last === undefined ? null : lastDayOf(last);
}
