import { arraysOf, assignmentsOf, namesOf, SETTINGS_COLUMNS, STATE_COLUMNS, valuesOf } from './streak-columns';
import { STREAK_ROW, STREAK_ROW_COLUMNS } from './streak-row-text';

// One look-up and lock per user in the order of the array, whatever the planner believes of the table's size.
export const LOCK_STREAKS = `
  SELECT string_agg(${STREAK_ROW}, E'\\n') AS states
  FROM unnest($1::text[]) AS k(user_id)
  LEFT JOIN LATERAL (
    SELECT ${STREAK_ROW_COLUMNS} FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 FOR UPDATE
  ) AS s ON true`;

export const READ_STREAKS = `
  SELECT k.user_id, ${STREAK_ROW} AS state
  FROM unnest($1::text[]) AS k(user_id)
  CROSS JOIN LATERAL (
    SELECT ${STREAK_ROW_COLUMNS} FROM user_streaks u
    WHERE u.user_id = k.user_id AND u.rule_id = $2 OFFSET 0
  ) AS s`;

type Columns = typeof STATE_COLUMNS;

const insertStatement = (columns: Columns): string => `
  WITH inserted AS (
    INSERT INTO user_streaks (user_id, rule_id, ${namesOf(columns)})
    SELECT k.user_id, $2, ${valuesOf(columns)}
    FROM ROWS FROM (unnest($1::text[]), ${arraysOf(columns, 3)}) WITH ORDINALITY AS k(user_id, ${namesOf(columns)}, ord)
    ORDER BY k.ord
    ON CONFLICT DO NOTHING
    RETURNING user_id, ctid
  )
  SELECT string_agg(ctid::text, ' ') AS rows,
         CASE WHEN count(*) < cardinality($1::text[]) THEN coalesce(json_agg(user_id), '[]') END AS inserted FROM inserted`;

// By place: a look-up less. The user and the version say whether it still is the row that was folded; one that another owner
// changed, or that vacuum gave to another user, is not. Compared under a collation that no index has, so that no plan looks them up.
const writeStatement = (columns: Columns): string => `
  WITH written AS (
    UPDATE user_streaks s SET ${assignmentsOf(columns)}
    FROM ROWS FROM (unnest($1::tid[]), unnest($2::bigint[]), unnest($3::text[]), ${arraysOf(columns, 5)}) WITH ORDINALITY
      AS k(row, version_read, user_id, ${namesOf(columns)}, ord)
    WHERE s.ctid = k.row AND s.version = k.version_read
      AND s.user_id = k.user_id COLLATE "POSIX" AND s.rule_id = $4 COLLATE "POSIX"
    RETURNING k.ord, s.ctid
  )
  SELECT string_agg(ctid::text, ' ' ORDER BY ord) AS rows,
         CASE WHEN count(*) < cardinality($1::tid[]) THEN coalesce(json_agg(ord), '[]') END AS written FROM written`;

/** Which columns are written: those of a state, or those that come from settings as well. */
export interface StreakStatements {
  readonly columns: Columns;
  readonly insert: { readonly name?: string; readonly text: string };
  readonly write: { readonly name?: string; readonly text: string };
}

/** Of sessions and check-ins: they leave alone what settings say. */
export const additiveStatements: StreakStatements = {
  columns: STATE_COLUMNS,
  insert: { name: 'streaks_insert_streaks', text: insertStatement(STATE_COLUMNS) },
  write: { name: 'streaks_write_streaks', text: writeStatement(STATE_COLUMNS) },
};

const ALL_COLUMNS = [...STATE_COLUMNS, ...SETTINGS_COLUMNS];

export const correctionStatements: StreakStatements = {
  columns: ALL_COLUMNS,
  insert: { text: insertStatement(ALL_COLUMNS) },
  write: { text: writeStatement(ALL_COLUMNS) },
};
