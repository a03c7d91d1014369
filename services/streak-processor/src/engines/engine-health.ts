import type { Engine } from '@streaks/exactly-once/create-engine';
import type { CheckState, Checks } from '@streaks/shared/http/health-routes';

/** One state for each partition of this process that is halted, by topic, and one for the whole. */
export function engineChecks(engines: ReadonlyMap<string, Pick<Engine, 'status'>> | undefined): Checks {
  if (!engines) return { partitions: 'down' };
  const halted: [string, CheckState][] = [];
  for (const [topic, engine] of engines) {
    for (const [partition, state] of engine.status().partitions) {
      if (state.kind === 'halted') halted.push([`${topic}_partition_${partition}_${state.reason}`, 'degraded']);
    }
  }
  return { partitions: halted.length > 0 ? 'degraded' : 'up', ...Object.fromEntries(halted) };
}
