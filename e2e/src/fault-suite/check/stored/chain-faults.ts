import type { CollectedRun, StoredChange, StoredStreak } from '../collected-run';
import type { Expectation } from '../expectation';
import type { Fault } from '../fault';
import { afterText, beforeText, NOTHING_TEXT, stateKey } from '../texts';

const where = 'streak_history';
const wrong = (detail: string): Fault => ({ kind: 'wrong', where, detail });

/** What a change may be called that adds a day, and one that adds none. */
const TYPES_OF_DAYS = ['FIRST_ACTIVITY', 'STREAK_INCREMENT', 'STREAK_RESET', 'STREAK_RECOVERED', 'STREAK_REVISED'];
const TYPES_WITHOUT = ['STREAK_REVISED', 'STREAK_RECOVERED'];
export const USER_ERASED = 'USER_ERASED';

/** Changes of each state, in version order. */
export function chainsOf(history: readonly StoredChange[]): Map<string, StoredChange[]> {
  const chains = new Map<string, StoredChange[]>();
  for (const row of history) {
    const chain = chains.get(stateKey(row));
    if (chain === undefined) chains.set(stateKey(row), [row]);
    else chain.push(row);
  }
  return chains;
}

/**
 * What is wrong with the history: for each state it must be a chain of versions without a gap in which each row's before is the last row's after, add each
 * qualified day once, and end in the state. It begins with version 1; that of an erased user may begin anew with the erasure, and then holds nothing from
 * before it.
 */
export function chainFaults(run: CollectedRun, expected: Expectation): Fault[] {
  const states = new Map(run.streaks.map((state) => [stateKey(state), state]));
  const chains = chainsOf(run.history);
  return [...new Set([...chains.keys(), ...states.keys()])].flatMap((key) => {
    const rows = chains.get(key) ?? [];
    return [
      ...versionFaults(key, rows),
      ...linkFaults(key, rows),
      ...dayFaults(key, rows, expected),
      ...erasureFaults(key, rows, expected),
      ...endFaults(key, rows.at(-1), states.get(key), expected),
    ];
  });
}

/** A version that is missing between two is a lost change, one that comes twice a duplicated one. */
function versionFaults(key: string, rows: readonly StoredChange[]): Fault[] {
  const faults: Fault[] = [];
  const [first] = rows;
  if (first === undefined) return faults;
  // Only an erasure takes the beginning of a chain away.
  if (first.version > 1 && first.changeType !== USER_ERASED) {
    faults.push({ kind: 'lost', where, detail: `${key}: what was before v${first.version}` });
  }
  for (const [index, { version }] of rows.entries()) {
    const before = rows[index - 1]?.version ?? version - 1;
    if (version === before) faults.push({ kind: 'duplicated', where, detail: `${key} v${version}` });
    for (let missing = before + 1; missing < version; missing += 1) {
      faults.push({ kind: 'lost', where, detail: `${key} v${missing}` });
    }
  }
  return faults;
}

function linkFaults(key: string, rows: readonly StoredChange[]): Fault[] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    const wanted = before === undefined ? NOTHING_TEXT : afterText(before);
    if (beforeText(row) === wanted) return [];
    return [wrong(`${key} v${row.version}: before is ${beforeText(row)}, was ${wanted}`)];
  });
}

/** Without corrections each qualified day is added once and none goes; with them a change may do anything to the days but what it says it does not. */
function dayFaults(key: string, rows: readonly StoredChange[], { world }: Expectation): Fault[] {
  const faults: Fault[] = [];
  for (const row of rows) {
    const { changeType, qualifiedDate, qualifiedDaysBefore, qualifiedDaysAfter, version } = row;
    const isErasure = changeType === USER_ERASED && version > 1 && row === rows[0];
    const types = qualifiedDate === null ? TYPES_WITHOUT : TYPES_OF_DAYS;
    if (!types.includes(changeType) && !isErasure) {
      faults.push(wrong(`${key} v${version}: ${changeType} with day ${qualifiedDate}`));
    }
    if (qualifiedDate !== null && qualifiedDaysAfter !== qualifiedDaysBefore + 1) {
      faults.push(wrong(`${key} v${version}: ${qualifiedDaysBefore} days became ${qualifiedDaysAfter}`));
    }
  }
  const { userId, rule } = rows[0] ?? {};
  const account = userId === undefined ? undefined : world.users.get(userId);
  if (rule === undefined || account?.isCorrected === true) return faults;
  const added = rows.flatMap(({ qualifiedDate }) => (qualifiedDate === null ? [] : [qualifiedDate])).sort();
  const wanted = [...(account?.streaks[rule].qualifiedDates ?? [])];
  if (added.join() !== wanted.join()) faults.push(wrong(`${key}: added ${added.join()} and not ${wanted.join()}`));
  return faults;
}

/** Nothing is left of what was recorded before an erasure. */
function erasureFaults(key: string, rows: readonly StoredChange[], expected: Expectation): Fault[] {
  const { world, recordTimeMs, organisationTopic } = expected;
  const [first] = rows;
  const erasedAtMs = first === undefined ? undefined : world.users.get(first.userId)?.erasedAtMs;
  if (first?.changeType === USER_ERASED && erasedAtMs === undefined) return [wrong(`${key} was never erased`)];
  if (erasedAtMs === undefined || recordTimeMs === undefined) return [];
  return rows.flatMap(({ version, source }) => {
    const ms = recordTimeMs(source);
    if (ms === undefined) return [wrong(`${key} v${version}: caused by a record that nobody sent`)];
    // An organisation's change is not of the user: applied late, it may meet who was erased and has joined anew.
    if (source.topic === organisationTopic) return [];
    return ms >= erasedAtMs ? [] : [wrong(`${key} v${version}: from before the erasure`)];
  });
}

function endFaults(
  key: string,
  last: StoredChange | undefined,
  state: StoredStreak | undefined,
  { recordTimeMs }: Expectation,
): Fault[] {
  const end = last === undefined ? 'nothing' : `v${last.version} ${afterText(last)}`;
  const kept = state === undefined ? 'nothing' : `v${state.version} ${stateAfterText(state)}`;
  if (end !== kept) return [wrong(`${key}: history ends in ${end}, the state is ${kept}`)];
  const causedAtMs = last === undefined ? undefined : recordTimeMs?.(last.source);
  if (causedAtMs === undefined || causedAtMs === state?.updatedAtMs) return [];
  return [wrong(`${key}: last changed by a record of ${causedAtMs}, the state says ${state?.updatedAtMs}`)];
}

const stateAfterText = (state: StoredStreak): string =>
  [state.currentRunLength, state.longestRunLength, state.qualifiedDaysCount, state.lastQualifiedDate].join('/');
