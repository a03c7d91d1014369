import type { SessionLimits } from '../../domain/events/session';

/** What is no event for its shape alone is judged without knowing when it was recorded. */
export const SHAPE_ONLY: SessionLimits = {
  recordTimeMs: Number.POSITIVE_INFINITY,
  maxDurationMs: Number.POSITIVE_INFINITY,
  maxFutureMs: 0,
};
