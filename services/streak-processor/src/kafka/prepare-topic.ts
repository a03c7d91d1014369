import { setTimeout as delay } from 'node:timers/promises';
import { ensureTopics, sessionEventsTopic } from '@streaks/shared/kafka/topics';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { Kafka } from 'kafkajs';

export interface PrepareTopicOptions {
  readonly createKafka: () => Kafka;
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

const RETRY_MS = 1_000;
const TIMEOUT_MS = 10_000;

/**
 * Makes sure that the topic is there before the group is joined: a consumer of a topic that does not exist crashes.
 * Asks until Kafka answers; harmless when several processes do it at once. False when it was ended before.
 */
export async function prepareTopic(options: PrepareTopicOptions): Promise<boolean> {
  const { logger, monotonicMs, signal, ...definition } = options;
  while (!signal.aborted) {
    const admin = options.createKafka().admin();
    try {
      await admin.connect();
      const [ensured] = await ensureTopics(admin, [sessionEventsTopic(definition)], {
        timeoutMs: TIMEOUT_MS,
        now: monotonicMs,
      });
      logger.info({ ...ensured }, 'topic_ready');
      return true;
    } catch (error) {
      logger.warn({ err: error, retryMs: RETRY_MS }, 'kafka_away');
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
  return false;
}
