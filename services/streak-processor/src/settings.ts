import { commonSettings, databaseRoleSetting, portSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { kafkaName, wholeNumber } from '@streaks/shared/config/setting-schemas';

/** Every setting of streak-processor. */
export const settings = defineSettings({
  HOST: commonSettings.HOST,
  PORT: portSetting(3003),
  STREAKS_INSECURE: commonSettings.STREAKS_INSECURE,
  LOG_LEVEL: commonSettings.LOG_LEVEL,
  KAFKA_BROKERS: commonSettings.KAFKA_BROKERS,
  SCHEMA_REGISTRY_URL: commonSettings.SCHEMA_REGISTRY_URL,
  DATABASE_URL: commonSettings.DATABASE_URL,
  DATABASE_ROLE: databaseRoleSetting('streaks_writer', 'the processor can change its own tables only'),
  REDIS_URL: commonSettings.REDIS_URL,
  REDIS_KEY_PREFIX: commonSettings.REDIS_KEY_PREFIX,
  SESSION_EVENTS_TOPIC: commonSettings.SESSION_EVENTS_TOPIC,
  SESSION_EVENTS_PARTITIONS: commonSettings.SESSION_EVENTS_PARTITIONS,
  KAFKA_REPLICATION_FACTOR: commonSettings.KAFKA_REPLICATION_FACTOR,
  CONSUMER_GROUP_ID: {
    schema: kafkaName(),
    default: 'streak-processor',
    description: 'Kafka consumer group that shares the partitions among processors.',
  },
  SESSION_TIMEOUT_MS: {
    schema: wholeNumber(1_000, 300_000),
    default: '10000',
    description:
      'Milliseconds without a heartbeat after which Kafka gives the partitions of a processor to the others.',
  },
  FOCUS_DAILY_TARGET_SECONDS: commonSettings.FOCUS_DAILY_TARGET_SECONDS,
  MAX_SESSION_SECONDS: commonSettings.MAX_SESSION_SECONDS,
  MAX_FUTURE_SECONDS: commonSettings.MAX_FUTURE_SECONDS,
  OUTBOX_SHARDS: {
    schema: wholeNumber(1, 4_096),
    default: '12',
    description: 'Shards that number the changes of streaks; fixed by the first start of an installation.',
  },
  APPLY_CONNECTIONS: {
    schema: wholeNumber(1, 16),
    default: '2',
    description: 'Postgres transactions that apply records at the same time in one process.',
  },
  BATCH_MAX_RECORDS: {
    schema: wholeNumber(1, 100_000),
    default: '10000',
    description: 'Most records applied in one transaction.',
  },
  MAX_BAD_SHARE_PERCENT: {
    schema: wholeNumber(1, 100),
    default: '50',
    description:
      'Share of records that cannot be applied past which a partition is halted instead of filling dead_letters.',
  },
  SHUTDOWN_DEADLINE_MS: {
    schema: wholeNumber(1_000, 300_000),
    default: '15000',
    description: 'Milliseconds after which a shutdown no longer waits for the transactions at hand.',
  },
});
