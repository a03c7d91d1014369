import type { Gauge, LabelValues } from 'prom-client';

export interface Sample<Label extends string> {
  readonly labels: LabelValues<Label>;
  readonly value: number;
}

/**
 * Shows what one engine has to say in a gauge that several engines of the process share: what it showed before and does not
 * show again is gone, what the others show stays. No two engines may use the same labels.
 */
export function createOwnSeries<Label extends string>(
  gauge: Gauge<Label>,
): (samples: readonly Sample<Label>[]) => void {
  let shown: readonly Sample<Label>[] = [];
  return (samples) => {
    for (const { labels } of shown) gauge.remove(labels);
    for (const { labels, value } of samples) gauge.set(labels, value);
    shown = samples;
  };
}
