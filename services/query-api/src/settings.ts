import { commonSettings, databaseRoleSetting, portSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { wholeNumber } from '@streaks/shared/config/setting-schemas';

/** Every setting of query-api. */
export const settings = defineSettings({
  HOST: commonSettings.HOST,
  PORT: portSetting(3002),
  HTTP_WORKERS: commonSettings.HTTP_WORKERS,
  STREAKS_INSECURE: commonSettings.STREAKS_INSECURE,
  LOG_LEVEL: commonSettings.LOG_LEVEL,
  DATABASE_URL: commonSettings.DATABASE_URL,
  DATABASE_ROLE: databaseRoleSetting('streaks_reader', 'query-api can only read'),
  DATABASE_POOL_MAX: {
    schema: wholeNumber(1, 1_000),
    default: '10',
    description: 'Most Postgres connections of one process.',
  },
  REDIS_URL: commonSettings.REDIS_URL,
  REDIS_KEY_PREFIX: commonSettings.REDIS_KEY_PREFIX,
  FOCUS_DAILY_TARGET_SECONDS: commonSettings.FOCUS_DAILY_TARGET_SECONDS,
  REDIS_TIMEOUT_MS: {
    schema: wholeNumber(1, 60_000),
    default: '250',
    description: 'Milliseconds after which a read of Redis is given up and Postgres is asked.',
  },
  DATABASE_TIMEOUT_MS: {
    schema: wholeNumber(1, 60_000),
    default: '1000',
    description: 'Milliseconds after which a connection to Postgres, and a query of it, is given up.',
  },
  EVENT_STREAMS_MAX: {
    schema: wholeNumber(0, 100_000),
    default: '1000',
    description: 'Most event streams (`/users/{id}/stream`) of one process; further ones are refused with 503.',
  },
  EVENT_STREAM_POLL_MS: {
    schema: wholeNumber(10, 60_000),
    default: '500',
    description:
      'Milliseconds between two looks for changes of the users whose streams are open: one query for all of them.',
  },
  EVENT_STREAM_MAX_SECONDS: {
    schema: wholeNumber(1, 86_400),
    default: '3600',
    description:
      'Seconds after which an event stream is ended. Its client connects again by itself and misses nothing.',
  },
});
