import { commonSettings, databaseRoleSetting, portSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { flag, freeText, kafkaName, wholeNumber } from '@streaks/shared/config/setting-schemas';

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
  ORGANISATION_EVENTS_TOPIC: commonSettings.ORGANISATION_EVENTS_TOPIC,
  ORGANISATION_EVENTS_PARTITIONS: commonSettings.ORGANISATION_EVENTS_PARTITIONS,
  FRIENDSHIP_EVENTS_TOPIC: commonSettings.FRIENDSHIP_EVENTS_TOPIC,
  FRIENDSHIP_EVENTS_PARTITIONS: commonSettings.FRIENDSHIP_EVENTS_PARTITIONS,
  KAFKA_REPLICATION_FACTOR: commonSettings.KAFKA_REPLICATION_FACTOR,
  CONSUMER_GROUP_ID: {
    schema: kafkaName(),
    default: 'streak-processor',
    description:
      'Kafka consumer group that shares the partitions of sessions among processors. Those of organisations and friendships have groups of their own: its name with `-organisations` and `-friendships`.',
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
  PUBLISH: {
    schema: flag(),
    default: '1',
    description:
      '1 publishes changes, states and dead letters to Kafka. 0 leaves them in the outbox; a later start with 1 publishes them all.',
  },
  STREAK_CHANGES_TOPIC: {
    schema: kafkaName(),
    default: 'streak-changes',
    description: 'Topic of every stored change of a streak; OUTBOX_SHARDS partitions.',
  },
  USER_STREAKS_TOPIC: {
    schema: kafkaName(),
    default: 'user-streaks',
    description: 'Compacted topic of the state of each user and rule; OUTBOX_SHARDS partitions.',
  },
  DEAD_LETTERS_TOPIC: {
    schema: kafkaName(),
    default: 'dead-letters',
    description: 'Topic of records that can never be applied, with the reason in headers.',
  },
  RELAY_GROUP_ID: {
    schema: kafkaName(),
    default: 'streaks-relay',
    description:
      'Kafka group that keeps how far each shard of the outbox has been published, and the beginning of the transactional ids. Two installations on one cluster need two.',
  },
  RELAY_TRANSACTION_TIMEOUT_MS: {
    schema: wholeNumber(5_000, 900_000),
    default: '20000',
    description: 'Milliseconds after which Kafka aborts the open transaction of a processor that is gone.',
  },
  LEADERBOARDS: {
    schema: flag(),
    default: '1',
    description:
      '1 keeps leaderboards in Redis, some 500 bytes a user and rule. 0 removes them; query-api then ranks from Postgres.',
  },
  APPLY_CONNECTIONS: {
    schema: wholeNumber(1, 16),
    default: '2',
    description:
      'Postgres transactions that apply records of users at the same time in one process. Organisations, friendships and the evaluation of members have a connection each beside them.',
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
  FAILPOINTS: {
    schema: freeText(),
    default: '',
    description:
      'For fault tests: where the process kills, stops or delays itself, as `STEP@hit:action`. Leave it empty.',
  },
});
