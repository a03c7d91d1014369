import { textArray } from '@streaks/exactly-once/binary/array-parameters';
import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { organisationIdsOf, resolveSettings } from '@streaks/shared/domain/settings/effective-settings';
import { noSettings, type StoredSettings } from '@streaks/shared/domain/settings/stored-settings';
import type { PoolClient } from 'pg';
import { toMs } from '../../projections/streaks/sql/event-table';
import { OF_OUR_RULES, readStreaks, requireDay } from './read-streaks';
import type { StoredContext, StoredDay, StoredUser } from './stored-user';

/** The tables that say something of a user, all with an index that begins with the user. */
export const USER_TABLES = [
  'focus_sessions',
  'check_ins',
  'retracted_sessions',
  'special_users',
  'organisation_members',
  'daily_totals',
  'user_streaks',
] as const;

type Writable<Fields> = {
  -readonly [Field in keyof Fields]: Fields[Field] extends readonly (infer Row)[] ? Row[] : Fields[Field];
};
type GrowingRule = { days: Map<LocalDay, StoredDay>; streak: StoredUser['rules'][RuleId]['streak'] };
type GrowingUser = Writable<Omit<StoredUser, 'rules'>> & { rules: Record<RuleId, GrowingRule> };

/** Everything that is stored of users, by a condition on `user_id`; in no order. */
export async function readUsers(
  client: PoolClient,
  condition: string,
  values: readonly string[],
): Promise<readonly StoredUser[]> {
  const users = new Map<string, GrowingUser>();
  const user = (userId: string): GrowingUser => {
    const known = users.get(userId) ?? nobody(userId);
    users.set(userId, known);
    return known;
  };
  const select = async <Row extends { readonly user_id: string }>(columns: string, from: string): Promise<Row[]> =>
    (await client.query<Row>(`SELECT user_id, ${columns} FROM ${from} WHERE ${condition}`, [...values])).rows;

  type Texts<Names extends string> = Readonly<Record<'user_id' | Names, string>>;
  for (const row of await select<Texts<'session_id' | 'start_ms' | 'end_ms' | 'timezone' | 'recorded_ms'>>(
    `session_id, ${toMs('start_time')} AS start_ms, ${toMs('end_time')} AS end_ms, timezone, ${toMs('record_time')} AS recorded_ms`,
    'focus_sessions',
  )) {
    const { user_id: userId, session_id: sessionId, timezone } = row;
    const [startMs, endMs, recordTimeMs] = [Number(row.start_ms), Number(row.end_ms), Number(row.recorded_ms)];
    user(userId).sessions.push({ userId, sessionId, startMs, endMs, timezone, recordTimeMs });
  }
  for (const row of await select<Texts<'check_in_id' | 'at_ms' | 'timezone' | 'recorded_ms'>>(
    `check_in_id, ${toMs('at')} AS at_ms, timezone, ${toMs('record_time')} AS recorded_ms`,
    'check_ins',
  )) {
    const { user_id: userId, check_in_id: checkInId, timezone } = row;
    const [atMs, recordTimeMs] = [Number(row.at_ms), Number(row.recorded_ms)];
    user(userId).checkIns.push({ userId, checkInId, atMs, timezone, recordTimeMs });
  }
  for (const row of await select<Texts<'session_id' | 'recorded_ms'> & { readonly session_recorded_ms: string | null }>(
    `session_id, ${toMs('record_time')} AS recorded_ms, ${toMs('session_record_time')} AS session_recorded_ms`,
    'retracted_sessions',
  )) {
    user(row.user_id).retractions.push({
      sessionId: row.session_id,
      recordTimeMs: Number(row.recorded_ms),
      sessionRecordTimeMs: row.session_recorded_ms === null ? null : Number(row.session_recorded_ms),
    });
  }
  for (const row of await select<{
    readonly user_id: string;
    readonly has_retractions: boolean;
    readonly erased_ms: string | null;
    readonly settings: StoredSettings | null;
  }>(`has_retractions, ${toMs('erased_at')} AS erased_ms, settings`, 'special_users')) {
    user(row.user_id).special = {
      hasRetractions: row.has_retractions,
      erasedAtMs: row.erased_ms === null ? null : Number(row.erased_ms),
      settings: readable(row.settings ?? noSettings),
    };
  }
  for (const row of await select<Texts<'organisation_id'>>('organisation_id', 'organisation_members')) {
    user(row.user_id).memberOf.push(row.organisation_id);
  }
  for (const { user_id } of await select<Texts<never>>(
    'true',
    'organisation_members m JOIN reevaluations r ON r.organisation_id = m.organisation_id AND m.user_id > r.after_user_id',
  )) {
    user(user_id).isWaiting = true;
  }
  for (const row of await select<Texts<'day' | 'total' | 'end_ms' | 'id' | 'timezone'> & { readonly rule_id: RuleId }>(
    `rule_id, local_date::text AS day, total, ${toMs('latest_end')} AS end_ms, latest_id AS id, latest_timezone AS timezone`,
    `(SELECT * FROM daily_totals WHERE ${OF_OUR_RULES}) t`,
  )) {
    const { id, timezone } = row;
    const latest = { endMs: Number(row.end_ms), id, timezone };
    user(row.user_id).rules[row.rule_id].days.set(requireDay(row.day), { total: Number(row.total), latest });
  }
  for (const { userId, ruleId, streak } of await readStreaks(client, condition, values)) {
    user(userId).rules[ruleId].streak = streak;
  }
  return [...users.values()];
}

/** What the users are judged by. */
export async function readContext(client: PoolClient, users: readonly StoredUser[]): Promise<StoredContext> {
  const ids = new Set(users.flatMap(({ special }) => organisationIdsOf(special?.settings ?? noSettings)));
  const organisations = await client.query<{ organisation_id: string; settings: StoredSettings }>(
    'SELECT organisation_id, settings FROM organisations WHERE organisation_id = ANY($1::text[])',
    [textArray([...ids])],
  );
  const buckets = await client.query<{ bucket: number }>('SELECT bucket FROM special_buckets');
  const clock = await client.query<{ now_ms: string }>(`SELECT ${toMs('now()')} AS now_ms`);
  return {
    organisations: new Map(
      organisations.rows.flatMap(({ organisation_id, settings }): [string, StoredSettings][] => {
        const read = readable(settings);
        return read === undefined ? [] : [[organisation_id, read]];
      }),
    ),
    markedBuckets: new Set(buckets.rows.map(({ bucket }) => bucket)),
    nowMs: Number(clock.rows[0]?.now_ms),
  };
}

/** Settings that can be resolved; undefined where somebody edited them to what they cannot be. */
function readable(settings: StoredSettings): StoredSettings | undefined {
  try {
    resolveSettings(settings, new Map());
    return settings;
  } catch {
    return undefined;
  }
}

function nobody(userId: string): GrowingUser {
  const rule = (): GrowingRule => ({ days: new Map(), streak: undefined });
  return {
    userId,
    sessions: [],
    checkIns: [],
    retractions: [],
    special: undefined,
    memberOf: [],
    isWaiting: false,
    rules: Object.fromEntries(RULE_IDS.map((ruleId) => [ruleId, rule()])) as Record<RuleId, GrowingRule>,
  };
}
