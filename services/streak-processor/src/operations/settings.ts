import { commonSettings, databaseRoleSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { settings as processorSettings } from '../settings';

/** What the operators' commands read of the environment; all but the role as the processors have it. */
export const operatorSettings = defineSettings({
  KAFKA_BROKERS: commonSettings.KAFKA_BROKERS,
  DATABASE_URL: commonSettings.DATABASE_URL,
  DATABASE_ROLE: databaseRoleSetting('streaks_operator', 'a command changes what operators decide and nothing else'),
  SESSION_EVENTS_TOPIC: commonSettings.SESSION_EVENTS_TOPIC,
  ORGANISATION_EVENTS_TOPIC: commonSettings.ORGANISATION_EVENTS_TOPIC,
  FRIENDSHIP_EVENTS_TOPIC: commonSettings.FRIENDSHIP_EVENTS_TOPIC,
  CONSUMER_GROUP_ID: processorSettings.CONSUMER_GROUP_ID,
  STREAK_CHANGES_TOPIC: processorSettings.STREAK_CHANGES_TOPIC,
  RELAY_GROUP_ID: processorSettings.RELAY_GROUP_ID,
});
