import {
  dateArray,
  dateMultirangeArray,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '@streaks/exactly-once/binary/array-parameters';
import { findZone, type Zone } from '@streaks/shared/domain/calendar/zone';
import { expiresAt } from '@streaks/shared/domain/streaks/evaluate-streak';
import type { StreakState, StreakSummary } from '@streaks/shared/domain/streaks/streak-state';

/** A state and its figures, as they are to be stored. */
export interface StreakValues {
  readonly state: StreakState;
  readonly summary: StreakSummary;
}

interface Column {
  readonly name: string;
  readonly type: string;
  /** The column's value, from the parameter's one of the same name in `k`. */
  readonly value?: string;
  values(written: readonly StreakValues[]): Buffer;
}

/** What every change of a streak writes. */
export const STATE_COLUMNS: readonly Column[] = [
  { name: 'runs', type: 'datemultirange', values: (all) => dateMultirangeArray(all.map(({ state }) => state.runs)) },
  {
    name: 'current_run_length',
    type: 'int',
    values: (all) => int4Array(all.map(({ summary }) => summary.currentRunLength)),
  },
  { name: 'longest_run_length', type: 'int', values: (all) => int4Array(all.map(({ summary }) => summary.longest)) },
  {
    name: 'last_qualified_date',
    type: 'date',
    values: (all) => dateArray(all.map(({ summary }) => summary.lastQualifiedDate)),
  },
  {
    name: 'qualified_days_count',
    type: 'int',
    values: (all) => int4Array(all.map(({ summary }) => summary.qualifiedDaysCount)),
  },
  { name: 'timezone', type: 'text', values: (all) => textArray(all.map(({ state }) => state.timezone)) },
  { name: 'version', type: 'bigint', values: (all) => int8Array(all.map(({ state }) => state.version)) },
  {
    name: 'updated_at',
    type: 'timestamptz',
    values: (all) => timestamptzArray(all.map(({ state }) => state.updatedAtMs)),
  },
  {
    name: 'expires_at',
    type: 'timestamptz',
    // Arrays of instants have no nulls: without a qualified day the parameter is any instant.
    value: 'CASE WHEN k.last_qualified_date IS NOT NULL THEN k.expires_at END',
    values: (all) => timestamptzArray(all.map(({ state }) => expiryOf(state) ?? 0)),
  },
];

/** What corrections write beside it: a user's settings change nothing else. */
export const SETTINGS_COLUMNS: readonly Column[] = [
  {
    name: 'bridging',
    type: 'text',
    value: 'k.bridging::jsonb',
    values: (all) => textArray(all.map(({ state }) => (state.bridging ? JSON.stringify(state.bridging) : null))),
  },
  {
    name: 'is_unlisted',
    type: 'int',
    value: 'k.is_unlisted = 1',
    values: (all) => int4Array(all.map(({ state }) => (state.isUnlisted ? 1 : 0))),
  },
];

/** `column, …` and, in the same order, what each is from `k`. */
export const namesOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');
export const valuesOf = (columns: readonly Column[]): string =>
  columns.map(({ name, value }) => value ?? `k.${name}`).join(', ');

/** `column = …, …` */
export const assignmentsOf = (columns: readonly Column[]): string =>
  columns.map(({ name, value }) => `${name} = ${value ?? `k.${name}`}`).join(', ');

/** The columns' parameters from `$first` on, as `unnest` of arrays. */
export const arraysOf = (columns: readonly Column[], first: number): string =>
  `unnest(${columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ')})`;

export const parametersOf = (columns: readonly Column[], written: readonly StreakValues[]): readonly Buffer[] =>
  columns.map(({ values }) => values(written));

function expiryOf(state: StreakState): number | null {
  return state.timezone === null ? null : expiresAt(state, zoneOf(state.timezone));
}

/** A zone that was known to the process that stored it may be unknown to an older one. */
const zoneOf = (name: string): Zone => findZone(name) ?? (findZone('UTC') as Zone);
