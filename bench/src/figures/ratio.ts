/** A figure over its baseline of the same run. */
export interface Ratio {
  readonly what: string;
  readonly baseline: string;
  readonly value: number;
  /** What docs ask for, where they ask for something: the least ratio. */
  readonly target?: number;
}

/** `undefined` when either was not measured in this run: a ratio of figures of two runs says nothing. */
export function ratioOf(
  what: string,
  baseline: string,
  figures: { readonly ours: number | undefined; readonly theirs: number | undefined; readonly target?: number },
): Ratio | undefined {
  const { ours, theirs, target } = figures;
  if (ours === undefined || theirs === undefined || !(theirs > 0)) return undefined;
  return { what, baseline, value: ours / theirs, ...(target === undefined ? {} : { target }) };
}

export function describeRatio({ value, target }: Ratio): string {
  if (target === undefined) return value.toFixed(2);
  return `${value.toFixed(2)} (asked for: ${target}; ${value >= target ? 'reached' : 'missed'})`;
}
