/** Which rows of the live tables a rebuild compares with its own, and by what. */
export interface ComparedTable {
  readonly table: string;
  readonly keys: readonly string[];
  /** Columns, or what stands for them, as SQL on a row of one of the two schemas. */
  readonly columns: readonly (string | ((row: string, schema: string) => string))[];
  /** Rows `t` that say nothing, which the other side may lack. */
  readonly isEmpty?: string;
  /** Keys `d` that are left out. */
  readonly isIgnored?: string;
  /** Of facts: rows `l` of the live table that would be lost for good, judged where the rebuilt row is not `l`'s equal (`f`). */
  readonly isLost?: string;
}

const wasErased = (userId: string, recordTime: string): string =>
  `EXISTS (SELECT FROM rebuild.special_users s WHERE s.user_id = ${userId} AND s.erased_at >= ${recordTime})`;

/** What a row is whose user was erased, or whose session was retracted, is not lost: it should not have been there. */
const IS_NEW = 'f.user_id IS NULL';
const NOT_ERASED = `NOT ${wasErased('l.user_id', 'l.record_time')}`;

/**
 * Members whose organisation changed and who are still to be evaluated: the job that waits does it, and tells the record that
 * caused the change.
 */
const IS_WAITING = `EXISTS (
  SELECT FROM public.reevaluations r JOIN rebuild.organisation_members m USING (organisation_id)
  WHERE m.user_id = d.user_id AND m.user_id > r.after_user_id)`;

export const USER_STREAKS: ComparedTable = {
  table: 'user_streaks',
  keys: ['user_id', 'rule_id'],
  columns: [
    'runs',
    'timezone',
    'current_run_length',
    'longest_run_length',
    'last_qualified_date',
    'qualified_days_count',
    'bridging',
    'is_unlisted',
    // One in the past says the same as none.
    (row) => `CASE WHEN ${row}.expires_at > now() THEN ${row}.expires_at END`,
  ],
  isEmpty: `t.runs = '{}' AND t.timezone IS NULL AND t.longest_run_length = 0 AND t.qualified_days_count = 0
    AND t.bridging IS NULL AND NOT t.is_unlisted`,
  isIgnored: IS_WAITING,
};

export const COMPARED_TABLES: readonly ComparedTable[] = [
  {
    table: 'focus_sessions',
    keys: ['user_id', 'session_id'],
    columns: ['start_time', 'end_time', 'timezone', 'record_time'],
    isLost: `${IS_NEW} AND ${NOT_ERASED} AND NOT EXISTS (
      SELECT FROM rebuild.retracted_sessions r WHERE r.user_id = l.user_id AND r.session_id = l.session_id)`,
  },
  {
    table: 'check_ins',
    keys: ['user_id', 'check_in_id'],
    columns: ['at', 'timezone', 'record_time'],
    isLost: `${IS_NEW} AND ${NOT_ERASED}`,
  },
  {
    table: 'retracted_sessions',
    keys: ['user_id', 'session_id'],
    columns: ['record_time', 'start_time', 'end_time', 'timezone', 'session_record_time'],
    isLost: `${IS_NEW} AND ${NOT_ERASED}`,
  },
  {
    table: 'special_users',
    keys: ['user_id'],
    columns: [
      'erased_at',
      'settings',
      // True may be left over from retractions that an erasure has taken; false must be true.
      (row, schema) =>
        `(${row}.has_retractions OR NOT EXISTS (SELECT FROM ${schema}.retracted_sessions r WHERE r.user_id = ${row}.user_id))`,
    ],
    isLost: `${IS_NEW} OR l.erased_at > coalesce(f.erased_at, '-infinity')`,
  },
  {
    table: 'organisations',
    keys: ['organisation_id'],
    columns: ['settings'],
    isEmpty: `t.settings = '{}'`,
    isLost: 'f.organisation_id IS NULL',
  },
  {
    table: 'friendships',
    keys: ['user_a', 'user_b'],
    columns: ['is_friend', 'changed_at', 'record_time', 'overruled'],
    isLost: `f.user_a IS NULL AND NOT ${wasErased('l.user_a', 'l.record_time')} AND NOT ${wasErased('l.user_b', 'l.record_time')}`,
  },
  { table: 'special_buckets', keys: ['bucket'], columns: [] },
  { table: 'organisation_members', keys: ['organisation_id', 'user_id'], columns: [] },
  {
    table: 'daily_totals',
    keys: ['user_id', 'rule_id', 'local_date'],
    columns: ['total', 'latest_end', 'latest_id', 'latest_timezone'],
  },
  USER_STREAKS,
];

/** Keys, `kind` and both sides of the rows in which the two schemas differ. */
export function differingRows({ table, keys, columns, isEmpty, isIgnored }: ComparedTable): string {
  const values = (row: string, schema: string) =>
    `ROW(${(columns.length === 0 ? keys : columns).map((column) => (typeof column === 'string' ? `${row}.${column}` : column(row, schema))).join(', ')})`;
  const side = (schema: string) =>
    isEmpty === undefined ? `${schema}.${table}` : `(SELECT * FROM ${schema}.${table} t WHERE NOT (${isEmpty}))`;
  const [live, rebuilt] = [values('l', 'public'), values('f', 'rebuild')];
  const [first] = keys;
  const differing = `
    SELECT ${keys.map((key) => `coalesce(l.${key}, f.${key}) AS ${key}`).join(', ')},
      CASE WHEN l.${first} IS NULL THEN 'missing' WHEN f.${first} IS NULL THEN 'unexpected' ELSE 'different' END AS kind,
      ${live}::text AS live, ${rebuilt}::text AS rebuilt
    FROM ${side('public')} l FULL JOIN ${side('rebuild')} f ON ${keys.map((key) => `l.${key} = f.${key}`).join(' AND ')}
    WHERE l.${first} IS NULL OR f.${first} IS NULL OR ${live} IS DISTINCT FROM ${rebuilt}`;
  return isIgnored === undefined ? differing : `SELECT * FROM (${differing}) d WHERE NOT ${isIgnored}`;
}

/** Counts the facts that only the live table has. */
export function lostRows({ table, keys, isLost }: ComparedTable & { readonly isLost: string }): string {
  return `SELECT count(*)::int AS lost FROM public.${table} l
    LEFT JOIN rebuild.${table} f ON ${keys.map((key) => `l.${key} = f.${key}`).join(' AND ')} WHERE ${isLost}`;
}
