import type { ReferenceUser } from '@streaks/testing/reference-fold';
import type { HistoryRow, StreakRow } from './read-state';

const COUNTS = ['current', 'longest', 'qualifiedDays', 'lastQualified'] as const;

/**
 * What is wrong with the history: per user it must be a chain of versions from 1 in which each row's before is the last
 * row's after, add each qualified day once, and end in the state. Rows are in version order for each user.
 */
export function historyFaults(
  history: readonly HistoryRow[],
  states: readonly StreakRow[],
  reference: ReadonlyMap<string, ReferenceUser>,
): string[] {
  const faults: string[] = [];
  const byUser = new Map<string, HistoryRow[]>();
  for (const row of history) {
    const rows = byUser.get(row.userId);
    if (rows === undefined) byUser.set(row.userId, [row]);
    else rows.push(row);
  }
  const stateOf = new Map(states.map((state) => [state.userId, state]));
  for (const userId of new Set([...byUser.keys(), ...stateOf.keys()])) {
    const rows = byUser.get(userId) ?? [];
    faults.push(...chainFaults(userId, rows));
    faults.push(...dayFaults(userId, rows, reference.get(userId)));
    faults.push(...endFaults(userId, rows.at(-1), stateOf.get(userId)));
  }
  return faults;
}

function chainFaults(userId: string, rows: readonly HistoryRow[]): string[] {
  const faults: string[] = [];
  let before: HistoryRow | undefined;
  for (const [index, row] of rows.entries()) {
    if (row.version !== index + 1) faults.push(`${userId}: version ${row.version} in place ${index + 1}`);
    for (const count of COUNTS) {
      const expected = before?.[`${count}After`] ?? (count === 'lastQualified' ? null : 0);
      const found = row[`${count}Before`];
      if (found !== expected) faults.push(`${userId} v${row.version}: ${count} before is ${found}, was ${expected}`);
    }
    before = row;
  }
  return faults;
}

function dayFaults(userId: string, rows: readonly HistoryRow[], reference: ReferenceUser | undefined): string[] {
  const added = rows.flatMap(({ qualifiedDate }) => (qualifiedDate === null ? [] : [qualifiedDate])).sort();
  const wanted = reference?.qualifiedDates ?? [];
  if (added.join() === wanted.join()) return [];
  return [`${userId}: added the days ${added.join()} and not ${wanted.join()}`];
}

function endFaults(userId: string, last: HistoryRow | undefined, state: StreakRow | undefined): string[] {
  const end = [
    last?.version,
    last?.currentAfter,
    last?.longestAfter,
    last?.qualifiedDaysAfter,
    last?.lastQualifiedAfter,
  ];
  const kept = [
    state?.version,
    state?.currentRunLength,
    state?.longestRunLength,
    state?.qualifiedDaysCount,
    state?.lastQualifiedDate,
  ];
  return end.join() === kept.join() ? [] : [`${userId}: history ends in ${end.join()}, the state is ${kept.join()}`];
}
