import { median } from './median';

/** What counts as flat: no more than 15 % between the extremes. */
export const FLAT_WITHIN = 0.15;

export interface Flatness {
  /** How far the smallest figure is below the greatest, as a share of it: 0 is perfectly flat. */
  readonly spread: number;
  readonly isFlat: boolean;
}

/** Of figures that should be the same at every size. */
export function flatnessOf(figures: readonly number[], within = FLAT_WITHIN): Flatness {
  const greatest = Math.max(...figures);
  const spread = figures.length === 0 ? Number.NaN : 1 - Math.min(...figures) / greatest;
  return { spread, isFlat: spread <= within };
}

export interface Drift {
  /** Median of the last third over that of the first, minus 1: 0.1 is 10 % more at the end. */
  readonly share: number;
  readonly isFlat: boolean;
}

/**
 * Of samples over time. The first tenth is left out: a process that was just started has not yet the size it will have. Only growth counts
 * against it, so memory that was given back is flat.
 */
export function driftOf(samples: readonly number[], within = FLAT_WITHIN): Drift {
  const settled = samples.slice(Math.ceil(samples.length / 10));
  const third = Math.floor(settled.length / 3);
  if (third === 0) return { share: Number.NaN, isFlat: false };
  const share = median(settled.slice(-third)) / median(settled.slice(0, third)) - 1;
  return { share, isFlat: share <= within };
}
