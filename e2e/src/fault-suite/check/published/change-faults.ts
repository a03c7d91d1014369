import { createHash } from 'node:crypto';
import type { PublishedChange, StoredChange } from '../collected-run';
import { compareKeyed, type Fault } from '../fault';
import { chainsOf, USER_ERASED } from '../stored/chain-faults';
import { afterText, beforeText, changeText, NOTHING_TEXT, stateKey } from '../texts';
import { orderFaults } from './order-faults';

/** Each change of the history once, in version order; and of those that an erasure took, any, once each. */
export function changeFaults(
  where: string,
  changes: readonly PublishedChange[],
  history: readonly StoredChange[],
): Fault[] {
  const hasFigures = changes.some(({ figures }) => figures !== undefined);
  const textOf = (change: Omit<PublishedChange, 'eventId'>): string => {
    const { figures } = change;
    const content = figures === undefined ? '' : ` ${changeText(figures)}`;
    return `${stateKey(change)} v${change.version} in ${change.partition}${content}`;
  };
  const wanted = new Map(
    history.map((row) => [
      row.eventId,
      textOf({ ...row, partition: row.shard, ...(hasFigures ? { figures: row } : {}) }),
    ]),
  );
  const begins = new Map([...chainsOf(history)].map(([key, [first]]) => [key, first]));
  for (const change of changes) {
    const first = begins.get(stateKey(change));
    if (first !== undefined && isErased(change, first) && !wanted.has(change.eventId)) {
      wanted.set(change.eventId, textOf({ ...change, partition: first.shard }));
    }
  }
  const faults = compareKeyed(where, changes, wanted, ({ eventId }) => eventId, textOf);
  return [...faults, ...orderFaults(where, changes, stateKey), ...linkFaults(where, changes)];
}

/** Whether an erasure took the row of a change: it is of a version before the one with which its chain begins anew. */
function isErased({ version, eventId, generation, rule, userId }: PublishedChange, first: StoredChange): boolean {
  if (first.changeType !== USER_ERASED || version >= first.version || version < 1) return false;
  return generation === undefined || eventId === eventIdOf(`${generation}:${rule}:${userId}:${version}`);
}

function eventIdOf(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Where two versions that follow each other were published, the second begins where the first ended, or anew. */
function linkFaults(where: string, changes: readonly PublishedChange[]): Fault[] {
  const last = new Map<string, PublishedChange>();
  return changes.flatMap((change): Fault[] => {
    const key = stateKey(change);
    const before = last.get(key);
    last.set(key, change);
    if (change.figures === undefined || before?.figures === undefined) return [];
    if (change.version !== before.version + 1) return [];
    const wanted = change.figures.changeType === USER_ERASED ? NOTHING_TEXT : afterText(before.figures);
    if (beforeText(change.figures) === wanted) return [];
    const detail = `${key} v${change.version}: before is ${beforeText(change.figures)}, was ${wanted}`;
    return [{ kind: 'wrong', where, detail }];
  });
}

/** All readers saw the same records in the same order. */
export function sameChangesFaults(readers: Readonly<Record<string, readonly PublishedChange[]>>): Fault[] {
  const [first, ...others] = Object.entries(readers);
  if (first === undefined) return [];
  const textOf = (change: PublishedChange | undefined): string =>
    change === undefined
      ? 'nothing'
      : `${change.eventId} ${stateKey(change)} v${change.version} in ${change.partition}`;
  return others.flatMap(([reader, changes]): Fault[] => {
    const length = Math.max(changes.length, first[1].length);
    for (let place = 0; place < length; place += 1) {
      const [one, other] = [textOf(first[1][place]), textOf(changes[place])];
      if (one === other) continue;
      return [{ kind: 'wrong', where: 'streak-changes', detail: `${first[0]} reads ${one}, ${reader} ${other}` }];
    }
    return [];
  });
}
