import { setTimeout as delay } from 'node:timers/promises';
import { type EnsuredTopic, ensureTopics, type TopicDefinition } from '@streaks/shared/kafka/topics';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { Admin, Kafka } from 'kafkajs';
import { assertOutputTopics, type OutputTopicsOptions, outputTopics, readMaxMessageBytes } from './output-topics';

export interface PrepareTopicsOptions {
  readonly createKafka: () => Kafka;
  readonly inputs: readonly TopicDefinition[];
  /** Absent: nothing is published. */
  readonly output: OutputTopicsOptions | undefined;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

export interface PreparedTopics {
  /** 0 where nothing is published. */
  readonly deadLetterPartitions: number;
}

const RETRY_MS = 1_000;
const TIMEOUT_MS = 10_000;

/**
 * Makes sure that the topics are there before the group is joined: a consumer of a topic that does not exist crashes.
 * Asks until Kafka answers; harmless when several processes do it at once. Undefined when it was ended before.
 * @throws one line when an output topic does not fit the outbox
 */
export async function prepareTopics(options: PrepareTopicsOptions): Promise<PreparedTopics | undefined> {
  const { logger, output, signal } = options;
  const ensured = await untilKafkaAnswers(options, async (admin) => await ensureAll(admin, options));
  if (ensured === undefined || signal.aborted) return undefined;
  for (const topic of ensured) logger.info({ ...topic }, 'topic_ready');
  if (output === undefined) return { deadLetterPartitions: 0 };
  const written = ensured.slice(options.inputs.length);
  assertOutputTopics(written, output);
  return { deadLetterPartitions: written.find(({ topic }) => topic === output.deadLetters)?.partitions ?? 0 };
}

async function ensureAll(admin: Admin, options: PrepareTopicsOptions): Promise<readonly EnsuredTopic[]> {
  const limits = { timeoutMs: TIMEOUT_MS, now: options.monotonicMs };
  const inputs = await ensureTopics(admin, options.inputs, limits);
  if (options.output === undefined) return inputs;
  const maxMessageBytes = await readMaxMessageBytes(
    admin,
    inputs.map(({ topic }) => topic),
  );
  return [...inputs, ...(await ensureTopics(admin, outputTopics(options.output, maxMessageBytes), limits))];
}

async function untilKafkaAnswers<Result>(
  { createKafka, logger, signal }: PrepareTopicsOptions,
  ask: (admin: Admin) => Promise<Result>,
): Promise<Result | undefined> {
  while (!signal.aborted) {
    const admin = createKafka().admin();
    try {
      await admin.connect();
      return await ask(admin);
    } catch (error) {
      logger.warn({ err: error, retryMs: RETRY_MS }, 'kafka_away');
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
  return undefined;
}
