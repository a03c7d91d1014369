/** Which dead letters a command is about. All given have to hold. */
export interface Selection {
  readonly reason?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly topic?: string;
  readonly topicId?: string;
  readonly userId?: string;
  /** First seen at or after. */
  readonly since?: Date;
  /** First seen before. */
  readonly before?: Date;
}

export interface Condition {
  /** For a table called `d`; never empty. */
  readonly text: string;
  readonly values: readonly unknown[];
}

const COLUMNS = [
  ['reason', 'd.reason ='],
  ['partition', 'd.partition ='],
  ['offset', 'd."offset" ='],
  ['topic', 'd.topic ='],
  ['topicId', 'd.topic_id ='],
  ['userId', 'd.user_id ='],
  ['since', 'd.first_seen >='],
  ['before', 'd.first_seen <'],
] as const satisfies readonly (readonly [keyof Selection, string])[];

/** As SQL, with parameters from `$1` on. */
export function conditionOf(selection: Selection): Condition {
  const values: unknown[] = [];
  const terms = COLUMNS.flatMap(([name, comparison]) => {
    const value = selection[name];
    if (value === undefined) return [];
    values.push(typeof value === 'bigint' ? String(value) : value);
    return [`${comparison} $${values.length}`];
  });
  return { text: terms.length === 0 ? 'true' : terms.join(' AND '), values };
}

export const isSelective = (selection: Selection): boolean =>
  Object.values(selection).some((value) => value !== undefined);
