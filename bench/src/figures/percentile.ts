/**
 * The nearest rank: the smallest value such that at least `share` (0 to 1) of all values are no greater. One that was
 * measured, never one between two. NaN of nothing.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
