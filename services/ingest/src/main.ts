import { randomUUID } from 'node:crypto';
import { parseSettings, type SettingsOf } from '@streaks/shared/config/define-settings';
import { requireTzdata } from '@streaks/shared/domain/calendar/tzdata';
import { listen } from '@streaks/shared/http/listen';
import { assertKafkajsIsPatched } from '@streaks/shared/kafka/kafkajs-checks/kafkajs-self-test';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { runHttpService } from '@streaks/shared/lifecycle/cluster/run-http-service';
import type { ServicePeers } from '@streaks/shared/lifecycle/cluster/service-peers';
import type { ServiceResources } from '@streaks/shared/lifecycle/run-service';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createRegistry } from '@streaks/shared/observability/create-registry';
import { closeRedis, createRedis } from '@streaks/shared/redis/create-redis';
import { createIngestApp } from './create-ingest-app';
import { createIngestMetrics } from './metrics';
import { connectPublishing } from './publishing/connect-publishing';
import { createPublishers } from './publishing/create-publishers';
import { closeProducers, kafkaState, statsOf } from './publishing/topic-producers';
import { ingestSettings } from './settings';
import { createReplyListener } from './waiting/reply-listener';

/** Kept of the shutdown deadline for what comes after the last request: the producer and Redis. */
const closingMarginMs = 2_000;
const confirmSubscriptionEveryMs = 5_000;

process.title = 'streaks-ingest';

async function start(
  resources: ServiceResources,
  config: SettingsOf<typeof ingestSettings>,
  peers: ServicePeers | undefined,
): Promise<void> {
  const logger = createLogger({ service: 'ingest', level: config.LOG_LEVEL });
  resources.useLogger(logger);
  await assertKafkajsIsPatched();
  const tzdata = requireTzdata(process.versions['tz']);
  const registry = createRegistry('ingest');
  const monotonicMs = () => performance.now();

  const subscriber = createRedis({
    url: config.REDIS_URL,
    name: 'streaks-ingest-replies',
    autoResubscribe: false,
    onOutage: (error) => logger.warn({ reason: error.message }, 'redis_away'),
    onRecovery: () => logger.info('redis_back'),
  });
  resources.defer('redis', () => closeRedis(subscriber));
  const replies = createReplyListener({
    subscriber,
    keyPrefix: config.REDIS_KEY_PREFIX,
    processId: randomUUID(),
    maxWaits: config.MAX_WAITING_REQUESTS,
    confirmEveryMs: confirmSubscriptionEveryMs,
  });

  const { producers, preparation } = connectPublishing({ settings: config, logger, monotonicMs });
  resources.defer('producers', () => closeProducers(producers, closingMarginMs / 2));
  resources.defer('preparation', () => preparation.stop());
  const metrics = createIngestMetrics(registry, () => statsOf(producers));

  const app = createIngestApp({
    logger,
    registry,
    metrics,
    replies,
    peers,
    queryApiUrl: config.QUERY_API_URL,
    maxStreamSessions: config.STREAM_MAX_SESSIONS,
    info: { tzdata },
    limits: () => ({
      recordTimeMs: systemClock.nowMs(),
      maxDurationMs: config.MAX_SESSION_SECONDS * 1_000,
      maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
    }),
    newId: randomUUID,
    ...createPublishers({
      producers,
      encoders: preparation.encoders,
      refuseAfterMs: config.PRODUCE_TIMEOUT_MS,
      monotonicMs,
      observePublishSeconds: metrics.observePublishSeconds,
    }),
    readiness: async () => ({
      kafka: kafkaState(producers, preparation.areTopicsReady()),
      registry: preparation.encoders() === undefined ? 'down' : 'up',
      redis: subscriber.status === 'ready' ? 'up' : 'degraded',
    }),
  });
  const listener = await listen(app, { host: config.HOST, port: config.PORT, insecure: config.STREAKS_INSECURE });
  resources.defer('http', async () => {
    replies.stop();
    await listener.close(Math.max(1_000, config.SHUTDOWN_DEADLINE_MS - closingMarginMs));
  });
  logger.warn({ host: config.HOST, insecure: config.STREAKS_INSECURE }, 'authentication_is_off');
  logger.info(
    { host: config.HOST, port: listener.port, topic: config.SESSION_EVENTS_TOPIC, tzdata },
    'service_started',
  );
}

void runHttpService({
  name: 'ingest',
  readSettings: () => parseSettings(ingestSettings, process.env),
  shutdownDeadlineMs: (config) => config.SHUTDOWN_DEADLINE_MS,
  start,
});
