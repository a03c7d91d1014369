import type { CollectedRun, PublishedLetter, PublishedState, StoredLetter } from '../collected-run';
import type { Expectation } from '../expectation';
import { compareKeyed, type Fault } from '../fault';
import { USER_ERASED } from '../stored/chain-faults';
import { stateKey, stateText } from '../texts';
import { changeFaults, sameChangesFaults } from './change-faults';
import { orderFaults } from './order-faults';

/**
 * Holds what read_committed readers saw against the outbox: each row once, each state's in version order, the last state that of Postgres. Of what an
 * erasure took out of the outbox, any part may have been published before.
 */
export function publishedFaults(run: CollectedRun, expected: Expectation): Fault[] {
  const { published, shards } = run;
  return [
    ...Object.entries(published.changes).flatMap(([reader, changes]) =>
      changeFaults(`streak-changes read by ${reader}`, changes, run.history),
    ),
    ...sameChangesFaults(published.changes),
    ...stateFaults(run),
    ...letterFaults(published.letters, run.letters, expected),
    ...shards.flatMap(({ shard, outSeq, publishedSeq }): Fault[] =>
      publishedSeq === outSeq
        ? []
        : [{ kind: 'wrong', where: `outbox shard ${shard}`, detail: `published to ${publishedSeq} of ${outSeq}` }],
    ),
  ];
}

/** The last record of each key; that of a state whose last change was an erasure has no value. */
function stateFaults({ published, streaks, history }: CollectedRun): Fault[] {
  const where = 'user-streaks';
  const lastTypes = new Map(history.map((row) => [stateKey(row), row.changeType]));
  const wanted = new Map(
    streaks.map((row) => {
      const key = stateKey(row);
      return [key, recordText(row.version, lastTypes.get(key) === USER_ERASED ? null : stateText(row))];
    }),
  );
  const last = new Map(published.states.map((state) => [state.key, state]));
  return [
    ...compareKeyed(
      where,
      last.values(),
      wanted,
      ({ key }) => key,
      ({ version, state }: PublishedState) => recordText(version, state),
    ),
    ...orderFaults(where, published.states, ({ key }) => key),
  ];
}

const recordText = (version: number, state: string | null): string => `v${version} ${state ?? 'without a value'}`;

function letterFaults(
  published: readonly PublishedLetter[],
  letters: readonly StoredLetter[],
  expected: Expectation,
): Fault[] {
  const keyOf = ({ topicId, partition, offset }: Omit<PublishedLetter, 'reason' | 'topic'>): string =>
    `${topicId}/${partition}/${offset}`;
  const stored = new Set(letters.map(keyOf));
  const isErased = (letter: PublishedLetter): boolean =>
    expected.letters.get(expected.letterKey({ ...letter, key: null, userId: null, eventId: null }))?.least === 0;
  const erased = published.filter((letter) => !stored.has(keyOf(letter)) && isErased(letter));
  const wanted = new Map([...letters, ...erased].map((letter) => [keyOf(letter), letter.reason]));
  return compareKeyed('dead-letters', published, wanted, keyOf, ({ reason }) => reason);
}
