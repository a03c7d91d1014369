import type { CollectedRun, PublishedChange } from '../collected-run';
import { type Plant, twice, withPublished } from './plant';

/** Faults of what each reader of the output topics saw. */
export function publishedPlants({ published }: CollectedRun): readonly Plant[] {
  return [
    ...Object.keys(published.changes).flatMap(changePlants),
    {
      name: 'an old state published last',
      kind: 'wrong',
      where: 'user-streaks',
      plant: (run) =>
        withPublished(run, {
          states: run.published.states.map((state) => ({ ...state, version: state.version - 1 })),
        }),
    },
    {
      name: 'a dead letter published twice',
      kind: 'duplicated',
      where: 'dead-letters',
      plant: (run) => withPublished(run, { letters: twice(run.published.letters) }),
    },
  ];
}

function changePlants(reader: string): Plant[] {
  const where = `streak-changes read by ${reader}`;
  const edit =
    (change: (changes: readonly PublishedChange[]) => readonly PublishedChange[]) =>
    (run: CollectedRun): CollectedRun => {
      const { changes } = run.published;
      return withPublished(run, { changes: { ...changes, [reader]: change(changes[reader] ?? []) } });
    };
  return [
    { name: `a change not published (${reader})`, kind: 'lost', where, plant: edit(withoutStored) },
    { name: `a change published twice (${reader})`, kind: 'duplicated', where, plant: edit(twice) },
    {
      name: `changes out of order (${reader})`,
      kind: 'wrong',
      where,
      plant: edit((changes) => [...changes].reverse()),
    },
    {
      name: `a change that nobody stored (${reader})`,
      kind: 'wrong',
      where,
      plant: edit((changes) => [...changes, { ...(changes[0] as PublishedChange), eventId: 'none', version: 9_999 }]),
    },
  ];
}

/** Without the last one: an erasure may have taken any of the others. */
const withoutStored = (changes: readonly PublishedChange[]): readonly PublishedChange[] => changes.slice(0, -1);
