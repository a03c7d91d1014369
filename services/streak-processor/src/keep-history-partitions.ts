import type { ServiceResources } from '@streaks/shared/lifecycle/run-service';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { createHistoryPartitions, HISTORY_MONTHS_AHEAD } from './migrate';

const DAY_MS = 86_400_000;

/** The months to come have their partition of `streak_history` before the first row of theirs. */
export function keepHistoryPartitions(
  resources: ServiceResources,
  pool: Parameters<typeof createHistoryPartitions>[0],
  logger: Logger,
): void {
  const create = () =>
    createHistoryPartitions(pool, HISTORY_MONTHS_AHEAD)
      .then((names) => names.length > 0 && logger.info({ names }, 'history_partitions_created'))
      .catch((error: unknown) => logger.warn({ err: error }, 'history_partitions_failed'));
  const timer = setInterval(create, DAY_MS);
  resources.defer('history partitions', () => clearInterval(timer));
  void create();
}
