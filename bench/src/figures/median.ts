/** The middle value; of an even count the lower of the two, so that it is one that was measured. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** The item whose value is the median of all. */
export function medianBy<Item>(items: readonly Item[], value: (item: Item) => number): Item {
  const sorted = items.toSorted((one, other) => value(one) - value(other));
  const item = sorted[Math.floor((sorted.length - 1) / 2)];
  if (item === undefined) throw new RangeError('nothing was measured');
  return item;
}
