import type { Engine } from '@streaks/exactly-once/create-engine';
import type { Checks } from '@streaks/shared/http/health-routes';

/** One state for each partition of this process that is not simply working, and one for the whole. */
export function engineChecks(engine: Engine | undefined): Checks {
  if (!engine) return { partitions: 'down' };
  const { partitions } = engine.status();
  const halted = [...partitions].flatMap(([partition, state]) =>
    state.kind === 'halted' ? [[`partition_${partition}_${state.reason}`, 'degraded'] as const] : [],
  );
  return { partitions: halted.length > 0 ? 'degraded' : 'up', ...Object.fromEntries(halted) };
}
