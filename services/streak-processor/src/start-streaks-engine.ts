import { randomUUID } from 'node:crypto';
import { laneSessionSettings } from '@streaks/exactly-once/binary/lane-session-settings';
import { type Engine, startEngine } from '@streaks/exactly-once/create-engine';
import { defaultTuning } from '@streaks/exactly-once/engine-options';
import { createEngineMetrics } from '@streaks/exactly-once/metrics';
import type { OnEngineStep } from '@streaks/exactly-once/steps';
import type { SettingsOf } from '@streaks/shared/config/define-settings';
import type { SessionDecoder } from '@streaks/shared/contracts/session-codec';
import type { Checks } from '@streaks/shared/http/health-routes';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { createPool } from '@streaks/shared/postgres/create-pool';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { StreakStore } from '@streaks/shared/redis/streak-store';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { ProcessorMetrics } from './metrics';
import { createStreaksProjection } from './projections/streaks/create-streaks-projection';
import type { SessionReply } from './projections/streaks/streak-change';
import type { PublisherConfig } from './publication/publisher-connections';
import { startPublication } from './publication/start-publication';
import { createStreakSink } from './read-model/create-streak-sink';
import type { settings } from './settings';

export interface StreaksEngineParts {
  readonly config: SettingsOf<typeof settings>;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly metrics: ProcessorMetrics;
  readonly pool: Pool;
  readonly lanePool: Pool;
  readonly store: StreakStore;
  readonly generation: bigint;
  readonly decoder: SessionDecoder;
  readonly sendReplies: (replies: readonly SessionReply[]) => Promise<void>;
  /** Absent: the outbox is not published. */
  readonly publisher: PublisherConfig | undefined;
  /** Of the fault tests. */
  readonly onStep: OnEngineStep | undefined;
  readonly onFatal: (error: Error) => void;
}

export interface StreaksEngine extends Engine {
  publicationChecks(): Checks;
}

/**
 * How long a stopped process keeps the locks of a transaction that others wait for. Its lanes may wait for each other, and each
 * that gets its lock then keeps it so long: the limits add up, lane by lane. One that was merely slow does its batch again.
 */
const IDLE_IN_TRANSACTION_LIMIT_MS = 5_000;
const STATEMENT_LIMIT_MS = 30_000;
const METADATA_TIMEOUT_MS = 5_000;

/** The connections that apply: plans that stay, locks that end. */
export function createLanePool(config: StreaksEngineParts['config'], logger: Logger): Pool {
  return createPool({
    url: config.DATABASE_URL,
    name: 'streak-processor-lane',
    role: config.DATABASE_ROLE,
    max: config.APPLY_CONNECTIONS,
    statementTimeoutMs: STATEMENT_LIMIT_MS,
    idleInTransactionTimeoutMs: IDLE_IN_TRANSACTION_LIMIT_MS,
    sessionSettings: laneSessionSettings,
    onIdleError: (error) => logger.warn({ err: error }, 'lane_connection_lost'),
  });
}

/** The engine with streaks as its projection, Redis as its sink and Kafka as the place of its publication. */
export function startStreaksEngine(parts: StreaksEngineParts): StreaksEngine {
  const { config, logger, metrics, pool, store, generation, onStep } = parts;
  const brokers = config.KAFKA_BROKERS;
  const engineMetrics = createEngineMetrics(parts.registry, 'streaks_processor');
  const published =
    parts.publisher &&
    startPublication({
      config: parts.publisher,
      metrics: engineMetrics,
      logger,
      writeLogLine: (line) => process.stdout.write(line),
    });
  const projection = createStreaksProjection({
    targetMs: config.FOCUS_DAILY_TARGET_SECONDS * 1_000,
    limits: { maxDurationMs: config.MAX_SESSION_SECONDS * 1_000, maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000 },
    generation,
    decoder: parts.decoder,
    onCommitted: (committed) => {
      metrics.countCommitted(committed);
      if (committed.replies.length > 0) void parts.sendReplies(committed.replies);
    },
  });
  const engine = startEngine({
    topic: config.SESSION_EVENTS_TOPIC,
    groupId: config.CONSUMER_GROUP_ID,
    owner: `${process.pid}-${randomUUID()}`,
    shardCount: config.OUTBOX_SHARDS,
    shardOf: (userId) => partitionForKey(userId, config.OUTBOX_SHARDS),
    projection,
    sink: createStreakSink({
      store,
      pool,
      generation,
      onWritten: ({ written, stale }) => {
        metrics.redisWrites.inc({ result: 'written' }, written);
        metrics.redisWrites.inc({ result: 'stale' }, stale);
      },
    }),
    createKafka: (role) => createKafka({ brokers, clientId: `streak-processor-${role}`, logger }),
    fetchTopicId: () =>
      fetchTopicId({
        brokers,
        topic: config.SESSION_EVENTS_TOPIC,
        clientId: 'streak-processor-topic-id',
        timeoutMs: METADATA_TIMEOUT_MS,
      }),
    lanePool: parts.lanePool,
    pool,
    classifyStoreError,
    tuning: {
      ...defaultTuning,
      lanes: config.APPLY_CONNECTIONS,
      maxBatchRecords: config.BATCH_MAX_RECORDS,
      maxQueuedRecords: config.BATCH_MAX_RECORDS * 2,
      sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
      maxBadShare: config.MAX_BAD_SHARE_PERCENT / 100,
    },
    metrics: engineMetrics,
    log: logger,
    nowMs: systemClock.nowMs,
    random: Math.random,
    ...(published === undefined ? {} : { publication: published.publication }),
    ...(onStep === undefined ? {} : { onStep }),
    onFatal: (reason, error) => parts.onFatal(new Error(reason, { cause: error })),
  });
  return { ...engine, publicationChecks: () => published?.checks() ?? {} };
}
