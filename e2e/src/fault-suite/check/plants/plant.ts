import type { CollectedRun, PublishedOutput } from '../collected-run';
import type { Expectation } from '../expectation';
import type { FaultKind } from '../fault';

export interface Plant {
  readonly name: string;
  readonly kind: FaultKind;
  /** The place that the checker must name. */
  readonly where: string;
  /** A copy of the run with one fault in it. */
  readonly plant: (run: CollectedRun, expected: Expectation) => CollectedRun;
}

const middle = (items: readonly unknown[]): number => Math.floor(items.length / 2);

export const without = <T>(items: readonly T[]): readonly T[] => items.filter((_, index) => index !== middle(items));

export const twice = <T>(items: readonly T[]): readonly T[] =>
  items.flatMap((item, index) => (index === middle(items) ? [item, item] : [item]));

export const changed = <T>(items: readonly T[], change: (item: T) => T): readonly T[] =>
  items.map((item, index) => (index === middle(items) ? change(item) : item));

/** The first that fits. @throws when the run has none: then it is too short to plant that fault in */
export function choose<T>(items: Iterable<T>, what: string, fits: (item: T) => boolean): T {
  for (const item of items) if (fits(item)) return item;
  throw new Error(`the run has no ${what} to plant a fault in`);
}

export const withPublished = (run: CollectedRun, published: Partial<PublishedOutput>): CollectedRun => ({
  ...run,
  published: { ...run.published, ...published },
});
