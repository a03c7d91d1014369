import { randomUUID } from 'node:crypto';
import { laneSessionSettings } from '@streaks/exactly-once/binary/lane-session-settings';
import { defaultTuning, type EngineOptions, type EngineTuning } from '@streaks/exactly-once/engine-options';
import type { EngineMetrics } from '@streaks/exactly-once/metrics';
import type { OnEngineStep } from '@streaks/exactly-once/steps';
import type { SettingsOf } from '@streaks/shared/config/define-settings';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id/topic-id';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { createPool } from '@streaks/shared/postgres/create-pool';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { Pool } from 'pg';
import type { settings } from '../settings';

/** What all engines of a process have. */
export interface EngineParts {
  readonly config: SettingsOf<typeof settings>;
  readonly logger: Logger;
  /** Names this process in `partition_progress`. */
  readonly owner: string;
  readonly metrics: EngineMetrics;
  readonly pool: Pool;
  readonly lanePool: Pool;
  /** Of the fault tests. */
  readonly onStep: OnEngineStep | undefined;
  readonly onFatal: (error: Error) => void;
}

/**
 * How long a stopped process keeps the locks of a transaction that others wait for. Its lanes may wait for each other, and each
 * that gets its lock then keeps it so long: the limits add up, lane by lane. One that was merely slow does its batch again.
 */
const IDLE_IN_TRANSACTION_LIMIT_MS = 5_000;
const STATEMENT_LIMIT_MS = 30_000;
const METADATA_TIMEOUT_MS = 5_000;
/** Organisations, friendships and the reevaluation have one each. */
const CONNECTIONS_OF_OTHERS = 3;

export const newOwner = (): string => `${process.pid}-${randomUUID()}`;

/** The connections that apply, of all engines: plans that stay, locks that end. */
export function createLanePool(config: EngineParts['config'], logger: Logger): Pool {
  return createPool({
    url: config.DATABASE_URL,
    name: 'streak-processor-lane',
    role: config.DATABASE_ROLE,
    max: config.APPLY_CONNECTIONS + CONNECTIONS_OF_OTHERS,
    statementTimeoutMs: STATEMENT_LIMIT_MS,
    idleInTransactionTimeoutMs: IDLE_IN_TRANSACTION_LIMIT_MS,
    sessionSettings: laneSessionSettings,
    onIdleError: (error) => logger.warn({ err: error }, 'lane_connection_lost'),
  });
}

/** Everything but what a topic means and where its changes go. */
export function engineOptions(
  { config, logger, onStep, ...parts }: EngineParts,
  source: { readonly topic: string; readonly groupId: string },
): Omit<EngineOptions<never, never, never>, 'projection' | 'sink' | 'publication'> {
  const brokers = config.KAFKA_BROKERS;
  return {
    ...source,
    owner: parts.owner,
    shardCount: config.OUTBOX_SHARDS,
    shardOf: (userId) => partitionForKey(userId, config.OUTBOX_SHARDS),
    createKafka: (role) => createKafka({ brokers, clientId: `streak-processor-${role}`, logger }),
    fetchTopicId: () =>
      fetchTopicId({
        brokers,
        topic: source.topic,
        clientId: 'streak-processor-topic-id',
        timeoutMs: METADATA_TIMEOUT_MS,
      }),
    lanePool: parts.lanePool,
    pool: parts.pool,
    classifyStoreError,
    tuning: tuningOf(config),
    metrics: parts.metrics,
    log: logger,
    nowMs: systemClock.nowMs,
    random: Math.random,
    ...(onStep === undefined ? {} : { onStep }),
    onFatal: (reason, error) => parts.onFatal(new Error(reason, { cause: error })),
  };
}

const tuningOf = (config: EngineParts['config']): EngineTuning => ({
  ...defaultTuning,
  lanes: config.APPLY_CONNECTIONS,
  maxBatchRecords: config.BATCH_MAX_RECORDS,
  maxQueuedRecords: config.BATCH_MAX_RECORDS * 2,
  sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
  maxBadShare: config.MAX_BAD_SHARE_PERCENT / 100,
});

/** Of topics with few records: one connection, and a broker that is asked less often while there are none. */
export const quietTuning = (tuning: EngineTuning): EngineTuning => ({ ...tuning, lanes: 1, maxWaitMs: 500 });
