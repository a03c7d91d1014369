import type {
  CollectedRun,
  PublishedChange,
  PublishedLetter,
  PublishedState,
  StoredChange,
  StoredLetter,
} from './collected-run';
import { compareKeyed, type Fault } from './fault';
import { changeText, streakText } from './texts';

/** Holds what read_committed readers saw against the outbox: each row once, each user's in version order, the last state that of Postgres. */
export function publishedFaults(run: CollectedRun): Fault[] {
  const { published, history, letters, streaks, shards } = run;
  return [
    ...Object.entries(published.changes).flatMap(([reader, changes]) =>
      changeFaults(`streak-changes read by ${reader}`, changes, history),
    ),
    ...stateFaults(published.states, streaks),
    ...letterFaults(published.letters, letters),
    ...shards.flatMap(({ shard, outSeq, publishedSeq }): Fault[] =>
      publishedSeq === outSeq
        ? []
        : [{ kind: 'wrong', where: `outbox shard ${shard}`, detail: `published to ${publishedSeq} of ${outSeq}` }],
    ),
  ];
}

function changeFaults(where: string, changes: readonly PublishedChange[], history: readonly StoredChange[]): Fault[] {
  const hasContent = changes.some(({ content }) => content !== undefined);
  const textOf = (userId: string, version: number, partition: number, content: string): string =>
    `${userId} v${version} in ${partition}${hasContent ? ` ${content}` : ''}`;
  const wanted = new Map(
    history.map((row) => [row.eventId, textOf(row.userId, row.version, row.shard, changeText(row))]),
  );
  const faults = compareKeyed(
    where,
    changes,
    wanted,
    ({ eventId }) => eventId,
    ({ userId, version, partition, content = '' }) => textOf(userId, version, partition, content),
  );
  return [...faults, ...orderFaults(where, changes, ({ userId }) => userId)];
}

/** In the order of reading, versions of one key must go up. */
function orderFaults<T extends { readonly version: number }>(
  where: string,
  records: readonly T[],
  keyOf: (record: T) => string,
): Fault[] {
  const faults: Fault[] = [];
  const last = new Map<string, number>();
  for (const record of records) {
    const key = keyOf(record);
    const before = last.get(key) ?? 0;
    if (record.version <= before) {
      faults.push({ kind: 'wrong', where, detail: `${key}: v${record.version} after v${before}` });
    }
    last.set(key, record.version);
  }
  return faults;
}

function stateFaults(states: readonly PublishedState[], streaks: CollectedRun['streaks']): Fault[] {
  const where = 'user-streaks';
  const wanted = new Map(streaks.map((row) => [`focus:${row.userId}`, `v${row.version} ${streakText(row)}`]));
  const last = new Map(states.map((state) => [state.key, state]));
  return [
    ...compareKeyed(
      where,
      last.values(),
      wanted,
      ({ key }) => key,
      ({ version, state }) => `v${version} ${state}`,
    ),
    ...orderFaults(where, states, ({ key }) => key),
  ];
}

function letterFaults(published: readonly PublishedLetter[], letters: readonly StoredLetter[]): Fault[] {
  const keyOf = ({ topicId, partition, offset }: Omit<PublishedLetter, 'reason'>): string =>
    `${topicId}/${partition}/${offset}`;
  const wanted = new Map(letters.map((letter) => [keyOf(letter), letter.reason]));
  return compareKeyed('dead-letters', published, wanted, keyOf, ({ reason }) => reason);
}
