import type { EngineLog } from '@streaks/exactly-once/engine-options';
import type { EngineMetrics } from '@streaks/exactly-once/metrics';
import { createPublisher } from '@streaks/exactly-once/publish/create-publisher';
import { createPublisherEvents } from '@streaks/exactly-once/publish/metrics-of-publication';
import type { Publication } from '@streaks/exactly-once/publish/publication';
import { defaultPublisherTuning } from '@streaks/exactly-once/publish/publisher-options';
import type { OnEngineStep } from '@streaks/exactly-once/steps';
import type { Checks } from '@streaks/shared/http/health-routes';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { StreakChange } from '../projections/streaks/streak-change';
import { createOutputEncoder } from './encode-output';
import { watchPublication } from './publication-health';
import { connectPublisher, type PublisherConfig } from './publisher-connections';

export interface StartPublicationOptions {
  readonly config: PublisherConfig;
  readonly metrics: EngineMetrics;
  readonly logger: Logger & EngineLog;
  readonly onStep: OnEngineStep | undefined;
}

export interface RunningPublication {
  readonly publication: Publication<StreakChange>;
  readonly checks: () => Checks;
}

/** Starts the publisher. Closing it closes what it is connected to. */
export function startPublication({ config, metrics, logger, onStep }: StartPublicationOptions): RunningPublication {
  const health = watchPublication(createPublisherEvents(metrics, logger));
  const connections = connectPublisher(config, logger);
  const publisher = createPublisher({
    ...connections.options,
    tuning: defaultPublisherTuning,
    events: health.events,
    nowMs: systemClock.nowMs,
    random: Math.random,
    ...(onStep === undefined ? {} : { onStep: (step) => onStep(step) }),
  });
  return {
    publication: {
      publisher: {
        ...publisher,
        async close(deadlineMs) {
          await publisher.close(deadlineMs);
          await connections.pool.end();
        },
      },
      ...createOutputEncoder(config.places),
    },
    checks: health.checks,
  };
}
