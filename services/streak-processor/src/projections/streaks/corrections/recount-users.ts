import { type DefaultTargets, RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import type { ClientBase } from 'pg';
import { findSpecials } from '../specials/read-specials';
import { readUserRules, type UserRules } from '../specials/user-rules';
import type { LockedStreak } from '../sql/streak-row-text';
import { insertStreaks, lockStreaks, StreakRowsChangedError, writeStreaks } from '../sql/streak-rows';
import { correctionStatements } from '../sql/streak-statements';
import type { StreakChange } from '../streak-change';
import { findQualifiedDays, type QualifiedDays } from './qualified-days';
import { type Recount, type RecountCause, recount, type UserToRecount } from './recount-state';

export type { RecountCause } from './recount-state';

export interface Recounted {
  /** By rule; those of one user in version order. */
  readonly changes: readonly StreakChange[];
  /** The rows that were written, as this transaction leaves them, by user. */
  readonly rows: Readonly<Record<RuleId, ReadonlyMap<string, LockedStreak>>>;
}

/**
 * Works the states of users out anew: their days by the settings of now. Users sorted by the bytes of their ids, their buckets
 * held exclusively. One change for each state that is not what it was; none where nothing differs.
 */
export async function recountUsers(
  client: ClientBase,
  userIds: readonly string[],
  cause: RecountCause,
  targets: DefaultTargets,
): Promise<readonly StreakChange[]> {
  const rules = await readUserRules(client, await findSpecials(client, userIds), targets);
  const { changes } = await recountEach(
    client,
    userIds.map((userId) => ({ userId, cause })),
    rules,
    targets,
  );
  return changes;
}

/** The same for users each with a cause of their own, by rules that were read before. */
export async function recountEach(
  client: ClientBase,
  users: readonly UserToRecount[],
  rules: UserRules,
  targets: DefaultTargets,
): Promise<Recounted> {
  const changes: StreakChange[] = [];
  const rows: Record<RuleId, ReadonlyMap<string, LockedStreak>> = { focus: new Map(), activity: new Map() };
  if (users.length === 0) return { changes, rows };
  const userIds = users.map(({ userId }) => userId);
  for (const ruleId of RULE_IDS) {
    const days = await findQualifiedDays(client, ruleId, userIds, rules, targets);
    const locked = await lockStreaks(client, ruleId, userIds);
    const recounts = users.map((user, place) =>
      recount(user, ruleId, locked[place], days[place] as QualifiedDays, rules),
    );
    for (const recounted of recounts) changes.push(...recounted.changes);
    rows[ruleId] = await writeRecounts(client, ruleId, recounts);
  }
  return { changes, rows };
}

/** Writes what the last change of each led to. */
async function writeRecounts(
  client: ClientBase,
  ruleId: RuleId,
  recounts: readonly Recount[],
): Promise<ReadonlyMap<string, LockedStreak>> {
  const rows = new Map<string, LockedStreak>();
  const changed = recounts.flatMap(({ userId, row, changes }) => {
    const last = changes.at(-1);
    return last === undefined ? [] : [{ userId, row, state: last.after, summary: last.summaryAfter }];
  });
  const writes = changed.flatMap(({ row, ...values }) => (row === undefined ? [] : [{ ...values, locked: row }]));
  if (writes.length > 0) {
    const places = await writeStreaks(client, ruleId, writes, correctionStatements);
    for (const [place, { userId, state }] of writes.entries()) rows.set(userId, { state, row: places[place] ?? '' });
  }
  const inserts = changed.filter(({ row }) => row === undefined);
  if (inserts.length > 0) {
    const { lost, rows: places } = await insertStreaks(client, ruleId, inserts, correctionStatements);
    // Nobody who takes the bucket first can have been faster.
    if (lost.size > 0) throw new StreakRowsChangedError([...lost]);
    for (const [place, { userId, state }] of inserts.entries()) rows.set(userId, { state, row: places[place] ?? '' });
  }
  return rows;
}
