import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EngineMetrics } from '@streaks/exactly-once/metrics';
import { createPublisherEvents } from '@streaks/exactly-once/publish/metrics-of-publication';
import type { Publication } from '@streaks/exactly-once/publish/publication';
import { createPublisherInWorker } from '@streaks/exactly-once/publish/worker/create-publisher-in-worker';
import type { Checks } from '@streaks/shared/http/health-routes';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { StreakChange } from '../projections/streaks/streak-change';
import { createOutputEncoder } from './output/encode-output';
import { watchPublication } from './publication-health';
import type { PublisherConfig } from './publisher-connections';
import { MAX_UNREAD_BYTES, WORKER_LIMITS } from './publisher-tuning';

export interface StartPublicationOptions {
  readonly config: PublisherConfig;
  readonly metrics: EngineMetrics;
  readonly logger: Logger;
  /** Lines of the publisher's own log, ended by a line feed. */
  readonly writeLogLine: (line: string) => void;
}

export interface RunningPublication {
  readonly publication: Publication<StreakChange>;
  readonly checks: () => Checks;
}

/** Starts the publisher in a thread of its own. Rows are encoded here, where they were committed. */
export function startPublication(options: StartPublicationOptions): RunningPublication {
  const { config, metrics, logger, writeLogLine } = options;
  const health = watchPublication(createPublisherEvents(metrics, logger));
  const publisher = createPublisherInWorker({
    createWorker: () =>
      new Worker(join(__dirname, 'publisher-worker-main.js'), { workerData: config, resourceLimits: WORKER_LIMITS }),
    events: health.events,
    onLogLine: writeLogLine,
    onWorkerDied: (error) => logger.error({ err: error }, 'publisher_thread_died'),
    maxUnreadBytes: MAX_UNREAD_BYTES,
    nowMs: systemClock.nowMs,
  });
  return { publication: { publisher, ...createOutputEncoder(config.places) }, checks: health.checks };
}
