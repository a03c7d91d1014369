import { commonSettings, portSetting } from '@streaks/shared/config/common-settings';
import { defineSettings } from '@streaks/shared/config/define-settings';
import { urlOf, wholeNumber } from '@streaks/shared/config/setting-schemas';

/** Everything the ingest service can be told; listed in docs/config.md. */
export const ingestSettings = defineSettings({
  HOST: commonSettings.HOST,
  PORT: portSetting(3001),
  HTTP_WORKERS: commonSettings.HTTP_WORKERS,
  STREAKS_INSECURE: commonSettings.STREAKS_INSECURE,
  LOG_LEVEL: commonSettings.LOG_LEVEL,
  KAFKA_BROKERS: commonSettings.KAFKA_BROKERS,
  SCHEMA_REGISTRY_URL: commonSettings.SCHEMA_REGISTRY_URL,
  REDIS_URL: commonSettings.REDIS_URL,
  REDIS_KEY_PREFIX: commonSettings.REDIS_KEY_PREFIX,
  SESSION_EVENTS_TOPIC: commonSettings.SESSION_EVENTS_TOPIC,
  SESSION_EVENTS_PARTITIONS: commonSettings.SESSION_EVENTS_PARTITIONS,
  ORGANISATION_EVENTS_TOPIC: commonSettings.ORGANISATION_EVENTS_TOPIC,
  ORGANISATION_EVENTS_PARTITIONS: commonSettings.ORGANISATION_EVENTS_PARTITIONS,
  FRIENDSHIP_EVENTS_TOPIC: commonSettings.FRIENDSHIP_EVENTS_TOPIC,
  FRIENDSHIP_EVENTS_PARTITIONS: commonSettings.FRIENDSHIP_EVENTS_PARTITIONS,
  KAFKA_REPLICATION_FACTOR: commonSettings.KAFKA_REPLICATION_FACTOR,
  MAX_SESSION_SECONDS: commonSettings.MAX_SESSION_SECONDS,
  MAX_FUTURE_SECONDS: commonSettings.MAX_FUTURE_SECONDS,
  QUERY_API_URL: {
    schema: urlOf(['http', 'https']),
    default: 'http://127.0.0.1:3002',
    description: 'Public address of query-api; `statusUrl` and `Location` of what was accepted point there.',
  },
  PRODUCE_TIMEOUT_MS: {
    schema: wholeNumber(100, 120_000),
    default: '10000',
    description:
      'Longest a request waits for the acknowledgement of Kafka before it is answered 503, in milliseconds. Once Kafka has been away this long, requests are refused at once.',
  },
  PRODUCE_LINGER_MS: {
    schema: wholeNumber(0, 1_000),
    default: '0',
    description:
      'How long an event waits for others to share its Kafka request while none is under way, in milliseconds.',
  },
  PRODUCE_BUFFER_RECORDS: {
    schema: wholeNumber(1_000, 1_000_000),
    default: '20000',
    description: 'Events that may wait for Kafka at once, for each topic; further ones are answered 503.',
  },
  PRODUCE_BUFFER_BYTES: {
    schema: wholeNumber(1_048_576, 1_073_741_824),
    default: '33554432',
    description: 'Bytes that may wait for Kafka at once, for each topic; further events are answered 503.',
  },
  STREAM_MAX_SESSIONS: {
    schema: wholeNumber(1, 10_000_000),
    default: '100000',
    description: 'Most sessions in one NDJSON stream; what follows is not read.',
  },
  MAX_WAITING_REQUESTS: {
    schema: wholeNumber(0, 100_000),
    default: '10000',
    description:
      'Requests that may wait for the processor (`Prefer: wait=N`, `POST /api/streak/update`) at once; further ones are answered 202 without waiting.',
  },
  SHUTDOWN_DEADLINE_MS: {
    schema: wholeNumber(1_000, 600_000),
    default: '20000',
    description:
      'Longest the service takes to finish requests and to flush to Kafka when it is told to stop, in milliseconds.',
  },
});
