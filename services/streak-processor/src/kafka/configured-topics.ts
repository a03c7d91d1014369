import type { SettingsOf } from '@streaks/shared/config/define-settings';
import {
  friendshipEventsTopic,
  organisationEventsTopic,
  sessionEventsTopic,
  type TopicDefinition,
} from '@streaks/shared/kafka/topics';
import type { settings } from '../settings';
import type { OutputTopicsOptions } from './output-topics';

type Config = SettingsOf<typeof settings>;

/** The topics that the processor reads, as they are made where they are missing. */
export const inputTopics = (config: Config): readonly TopicDefinition[] => {
  const replicationFactor = config.KAFKA_REPLICATION_FACTOR;
  return [
    sessionEventsTopic({
      topic: config.SESSION_EVENTS_TOPIC,
      partitions: config.SESSION_EVENTS_PARTITIONS,
      replicationFactor,
    }),
    organisationEventsTopic({
      topic: config.ORGANISATION_EVENTS_TOPIC,
      partitions: config.ORGANISATION_EVENTS_PARTITIONS,
      replicationFactor,
    }),
    friendshipEventsTopic({
      topic: config.FRIENDSHIP_EVENTS_TOPIC,
      partitions: config.FRIENDSHIP_EVENTS_PARTITIONS,
      replicationFactor,
    }),
  ];
};

/** The topics that the outbox is published to; undefined where nothing is published. */
export const outputOf = (config: Config): OutputTopicsOptions | undefined =>
  config.PUBLISH
    ? {
        streakChanges: config.STREAK_CHANGES_TOPIC,
        userStreaks: config.USER_STREAKS_TOPIC,
        deadLetters: config.DEAD_LETTERS_TOPIC,
        shardCount: config.OUTBOX_SHARDS,
        replicationFactor: config.KAFKA_REPLICATION_FACTOR,
      }
    : undefined;
