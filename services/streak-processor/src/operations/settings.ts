import { commonSettings, databaseRoleSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { kafkaName } from '@streaks/shared/config/setting-schemas';
import { settings as processorSettings } from '../settings';

/** What the operators' commands read of the environment; all but the role as the processors have it. */
export const operatorSettings = defineSettings({
  KAFKA_BROKERS: commonSettings.KAFKA_BROKERS,
  DATABASE_URL: commonSettings.DATABASE_URL,
  DATABASE_ROLE: databaseRoleSetting('streaks_operator', 'a command changes what operators decide and nothing else'),
  SESSION_EVENTS_TOPIC: commonSettings.SESSION_EVENTS_TOPIC,
  CONSUMER_GROUP_ID: processorSettings.CONSUMER_GROUP_ID,
  STREAK_CHANGES_TOPIC: {
    schema: kafkaName(),
    default: 'streak-changes',
    description: 'Topic that changes of streaks are published to.',
  },
  RELAY_GROUP_ID: {
    schema: kafkaName(),
    default: 'streaks-relay',
    description: 'Kafka group that keeps how far each shard of the outbox has been published.',
  },
});
