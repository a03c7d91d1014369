import type { CollectedRun } from './collected-run';
import { countFaults, type Fault, type FaultKind } from './fault';

interface Plant {
  readonly name: string;
  readonly kind: FaultKind;
  /** The place that the checker must name. */
  readonly where: string;
  /** A copy of the run with one fault in it. */
  readonly plant: (run: CollectedRun) => CollectedRun;
}

const without = <T>(items: readonly T[]): readonly T[] => items.filter((_, index) => index !== middle(items));
const twice = <T>(items: readonly T[]): readonly T[] =>
  items.flatMap((item, index) => (index === middle(items) ? [item, item] : [item]));
const changed = <T>(items: readonly T[], change: (item: T) => T): readonly T[] =>
  items.map((item, index) => (index === middle(items) ? change(item) : item));
const middle = (items: readonly unknown[]): number => Math.floor(items.length / 2);

function plants(run: CollectedRun): readonly Plant[] {
  const readers = Object.keys(run.published.changes);
  return [
    {
      name: 'a lost session',
      kind: 'lost',
      where: 'focus_sessions',
      plant: (copy) => ({ ...copy, sessions: without(copy.sessions) }),
    },
    {
      name: 'a wrong total',
      kind: 'wrong',
      where: 'daily_totals',
      plant: (copy) => ({
        ...copy,
        totals: changed(copy.totals, (total) => ({ ...total, totalMs: total.totalMs + 1 })),
      }),
    },
    {
      name: 'a wrong streak',
      kind: 'wrong',
      where: 'user_streaks',
      plant: (copy) => ({
        ...copy,
        streaks: changed(copy.streaks, (row) => ({ ...row, longestRunLength: row.longestRunLength + 1 })),
      }),
    },
    {
      name: 'a lost change',
      kind: 'lost',
      where: 'outbox shard',
      plant: (copy) => ({ ...copy, history: without(copy.history) }),
    },
    {
      name: 'a change stored twice',
      kind: 'duplicated',
      where: 'streak_history',
      plant: (copy) => ({ ...copy, history: twice(copy.history) }),
    },
    {
      name: 'a lost dead letter',
      kind: 'lost',
      where: 'dead_letters',
      plant: (copy) => ({ ...copy, letters: without(copy.letters) }),
    },
    {
      name: 'an old state in Redis',
      kind: 'wrong',
      where: 'Redis',
      plant: (copy) => ({ ...copy, redis: changed(copy.redis, (row) => ({ ...row, version: row.version - 1 })) }),
    },
    ...readers.flatMap((reader): Plant[] => {
      const withChanges = (
        copy: CollectedRun,
        edit: (changes: CollectedRun['published']['changes'][string]) => CollectedRun['published']['changes'][string],
      ): CollectedRun => ({
        ...copy,
        published: {
          ...copy.published,
          changes: { ...copy.published.changes, [reader]: edit(copy.published.changes[reader] ?? []) },
        },
      });
      const where = `streak-changes read by ${reader}`;
      return [
        {
          name: `a change not published (${reader})`,
          kind: 'lost',
          where,
          plant: (copy) => withChanges(copy, without),
        },
        {
          name: `a change published twice (${reader})`,
          kind: 'duplicated',
          where,
          plant: (copy) => withChanges(copy, twice),
        },
        {
          name: `changes out of order (${reader})`,
          kind: 'wrong',
          where,
          plant: (copy) => withChanges(copy, (changes) => [...changes].reverse()),
        },
      ];
    }),
    {
      name: 'an old state published last',
      kind: 'wrong',
      where: 'user-streaks',
      plant: (copy) => ({
        ...copy,
        published: {
          ...copy.published,
          states: copy.published.states.map((state) => ({ ...state, version: state.version - 1 })),
        },
      }),
    },
    {
      name: 'a dead letter published twice',
      kind: 'duplicated',
      where: 'dead-letters',
      plant: (copy) => ({
        ...copy,
        published: { ...copy.published, letters: twice(copy.published.letters) },
      }),
    },
  ];
}

/**
 * Plants faults in copies of a run that has none, one at a time, and lets the checker look. Returns what was found.
 * @throws when the checker finds fault with the run itself, or misses a plant: a checker that finds nothing proves nothing
 */
export function proveChecker(run: CollectedRun, check: (run: CollectedRun) => readonly Fault[]): string[] {
  const own = check(run);
  if (own.length > 0) {
    throw new Error(`the run to plant faults in has ${own.length} already: ${own[0]?.where}: ${own[0]?.detail}`);
  }
  return plants(run).map(({ name, kind, where, plant }) => {
    const faults = check(plant(run));
    if (!faults.some((fault) => fault.kind === kind && fault.where.startsWith(where))) {
      throw new Error(`the checker does not find ${name}: it counts ${JSON.stringify(countFaults(faults))}`);
    }
    return name;
  });
}
