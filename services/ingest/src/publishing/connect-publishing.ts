import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { SettingsOf } from '@streaks/shared/config/define-settings';
import {
  type FriendshipEventEncoder,
  registerFriendshipEvents,
} from '@streaks/shared/contracts/friendship-event-codec';
import {
  type OrganisationEventEncoder,
  registerOrganisationEvents,
} from '@streaks/shared/contracts/organisation-event-codec';
import { registerUserEvents, type UserEventEncoder } from '@streaks/shared/contracts/user-event-encoder';
import { type CreateKafkaOptions, createKafka } from '@streaks/shared/kafka/create-kafka';
import { createReliableProducer } from '@streaks/shared/kafka/producer/reliable-producer';
import {
  ensureTopics,
  friendshipEventsTopic,
  organisationEventsTopic,
  sessionEventsTopic,
  type TopicDefinition,
} from '@streaks/shared/kafka/topics';
import type { Logger } from '@streaks/shared/observability/create-logger';
import type { ingestSettings } from '../settings';
import { type Preparation, preparePublishing } from './prepare-publishing';
import type { TopicProducers } from './topic-producers';

/** By the names of `TopicProducers`. */
export type Encoders = {
  readonly users: UserEventEncoder;
  readonly organisations: OrganisationEventEncoder;
  readonly friendships: FriendshipEventEncoder;
};

export type PublishingConnection = {
  readonly producers: TopicProducers;
  readonly preparation: Preparation<Encoders>;
};

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
/** How often a producer asks for its topic's partitions; a topic with little in it is asked after seldom. */
const refreshMs = 2_000;
const quietRefreshMs = 10_000;

/** Starts connecting to Kafka and the registry and returns at once; neither has to be there yet. */
export function connectPublishing(options: ConnectPublishingOptions): PublishingConnection {
  const { settings, logger, monotonicMs, socketFactory } = options;
  const brokers = settings.KAFKA_BROKERS;
  const newKafka = (clientId: string) =>
    createKafka({ brokers, clientId, logger, ...(socketFactory === undefined ? {} : { socketFactory }) });
  const topics = inputTopics(settings);
  const registry = new SchemaRegistry({ host: settings.SCHEMA_REGISTRY_URL, clientId: 'streaks-ingest' });
  const preparation = preparePublishing({
    logger,
    retryMs: preparationRetryMs,
    attemptTimeoutMs: preparationTimeoutMs,
    registerSchemas: () => registerSchemas(registry),
    ensureTopics: async () => {
      const admin = newKafka('streaks-ingest-admin').admin();
      try {
        await admin.connect();
        const ensured = await ensureTopics(admin, Object.values(topics), {
          timeoutMs: topicTimeoutMs,
          now: monotonicMs,
        });
        for (const topic of ensured) logger.info({ ...topic }, 'topic_ready');
      } finally {
        await admin.disconnect();
      }
    },
  });
  const newProducer = ({ topic }: TopicDefinition, everyMs: number) =>
    createReliableProducer({
      createKafka: () => newKafka('streaks-ingest'),
      topic,
      attemptTimeoutMs: Math.min(5_000, settings.PRODUCE_TIMEOUT_MS),
      maxBufferedRecords: settings.PRODUCE_BUFFER_RECORDS,
      maxBufferedBytes: settings.PRODUCE_BUFFER_BYTES,
      maxRecordBytes,
      lingerMs: settings.PRODUCE_LINGER_MS,
      maxBatchRecords: 2_000,
      maxBatchBytes,
      deliveryTimeoutMs: settings.PRODUCE_TIMEOUT_MS,
      retryBackoffMs: 100,
      refreshMs: everyMs,
      now: monotonicMs,
    });
  const producers = {
    users: newProducer(topics.users, refreshMs),
    organisations: newProducer(topics.organisations, quietRefreshMs),
    friendships: newProducer(topics.friendships, quietRefreshMs),
  };
  return { producers, preparation };
}

function inputTopics(settings: SettingsOf<typeof ingestSettings>) {
  const replicationFactor = settings.KAFKA_REPLICATION_FACTOR;
  return {
    users: sessionEventsTopic({
      topic: settings.SESSION_EVENTS_TOPIC,
      partitions: settings.SESSION_EVENTS_PARTITIONS,
      replicationFactor,
    }),
    organisations: organisationEventsTopic({
      topic: settings.ORGANISATION_EVENTS_TOPIC,
      partitions: settings.ORGANISATION_EVENTS_PARTITIONS,
      replicationFactor,
    }),
    friendships: friendshipEventsTopic({
      topic: settings.FRIENDSHIP_EVENTS_TOPIC,
      partitions: settings.FRIENDSHIP_EVENTS_PARTITIONS,
      replicationFactor,
    }),
  };
}

async function registerSchemas(registry: SchemaRegistry): Promise<Encoders> {
  const [users, organisations, friendships] = await Promise.all([
    registerUserEvents(registry),
    registerOrganisationEvents(registry),
    registerFriendshipEvents(registry),
  ]);
  return { users, organisations, friendships };
}
