import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { SettingsOf } from '@streaks/shared/config/define-settings';
import { createSessionEncoder } from '@streaks/shared/contracts/session-codec';
import { type CreateKafkaOptions, createKafka } from '@streaks/shared/kafka/create-kafka';
import { createReliableProducer, type ReliableProducer } from '@streaks/shared/kafka/reliable-producer';
import { ensureTopics, sessionEventsTopic } from '@streaks/shared/kafka/topics';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { ingestSettings } from '../settings';
import { type Preparation, preparePublishing } from './prepare-publishing';

export type PublishingConnection = { readonly producer: ReliableProducer; readonly preparation: Preparation };

export type ConnectPublishingOptions = {
  readonly settings: SettingsOf<typeof ingestSettings>;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  /** For tests that cut connections. */
  readonly socketFactory?: CreateKafkaOptions['socketFactory'];
};

const preparationRetryMs = 1_000;
const preparationTimeoutMs = 20_000;
const topicTimeoutMs = 10_000;
/** What a broker takes in one batch by default is 1 MiB; a batch for one partition stays well below. */
const maxBatchBytes = 768 * 1_024;
const maxRecordBytes = 64 * 1_024;

/** Starts connecting to Kafka and the registry and returns at once; neither has to be there yet. */
export function connectPublishing(options: ConnectPublishingOptions): PublishingConnection {
  const { settings, logger, monotonicMs, socketFactory } = options;
  const brokers = settings.KAFKA_BROKERS;
  const newKafka = (clientId: string) =>
    createKafka({ brokers, clientId, logger, ...(socketFactory === undefined ? {} : { socketFactory }) });
  const topic = sessionEventsTopic({
    topic: settings.SESSION_EVENTS_TOPIC,
    partitions: settings.SESSION_EVENTS_PARTITIONS,
    replicationFactor: settings.KAFKA_REPLICATION_FACTOR,
  });
  const registry = new SchemaRegistry({ host: settings.SCHEMA_REGISTRY_URL, clientId: 'streaks-ingest' });
  const preparation = preparePublishing({
    logger,
    retryMs: preparationRetryMs,
    attemptTimeoutMs: preparationTimeoutMs,
    registerSchema: () => createSessionEncoder(registry),
    ensureTopic: async () => {
      const admin = newKafka('streaks-ingest-admin').admin();
      try {
        await admin.connect();
        const [ensured] = await ensureTopics(admin, [topic], { timeoutMs: topicTimeoutMs, now: monotonicMs });
        logger.info({ ...ensured }, 'topic_ready');
      } finally {
        await admin.disconnect();
      }
    },
  });
  const producer = createReliableProducer({
    createKafka: () => newKafka('streaks-ingest'),
    topic: topic.topic,
    attemptTimeoutMs: Math.min(5_000, settings.PRODUCE_TIMEOUT_MS),
    maxBufferedRecords: settings.PRODUCE_BUFFER_RECORDS,
    maxBufferedBytes: settings.PRODUCE_BUFFER_BYTES,
    maxRecordBytes,
    lingerMs: settings.PRODUCE_LINGER_MS,
    maxBatchRecords: 2_000,
    maxBatchBytes,
    deliveryTimeoutMs: settings.PRODUCE_TIMEOUT_MS,
    retryBackoffMs: 100,
    refreshMs: 2_000,
    now: monotonicMs,
  });
  return { producer, preparation };
}
