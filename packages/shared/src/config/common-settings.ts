import { z } from 'zod';
import type { Setting } from './define-settings';
import { flag, hostList, kafkaName, processCount, urlOf, wholeNumber } from './setting-schemas';

/** Settings that more than one service has; a service lists those it uses in its own `settings.ts`. */
export const commonSettings = {
  KAFKA_BROKERS: {
    schema: hostList(),
    default: '127.0.0.1:9092',
    description: 'Kafka brokers to bootstrap from, host:port, comma-separated.',
  },
  SCHEMA_REGISTRY_URL: {
    schema: urlOf(['http', 'https']),
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    description: 'Base address of the schema registry (Confluent API).',
  },
  DATABASE_URL: {
    schema: urlOf(['postgres', 'postgresql']),
    description: 'Postgres connection URL.',
    secret: true,
  },
  REDIS_URL: {
    schema: urlOf(['redis', 'rediss']),
    default: 'redis://127.0.0.1:6379',
    description: 'Redis connection URL.',
    secret: true,
  },
  LOG_LEVEL: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    description: 'Least severe level that is logged: trace, debug, info, warn, error, fatal or silent.',
  },
  HOST: {
    schema: z.string().min(1),
    default: '127.0.0.1',
    description:
      'Address the HTTP server binds to. Anything but loopback needs STREAKS_INSECURE=1 while authentication is off.',
  },
  HTTP_WORKERS: {
    schema: processCount(),
    default: '1',
    description:
      'Processes that share the HTTP port, restarted when they end; `auto` or 0: one for each core. Limits of connections and buffers hold for each of them.',
  },
  STREAKS_INSECURE: {
    schema: flag(),
    default: '0',
    description: '1 allows an unauthenticated service on an address other machines can reach.',
  },
  REDIS_KEY_PREFIX: {
    schema: z.string().regex(/^[^\s{}]{0,64}$/, 'must be at most 64 characters without spaces or braces'),
    default: 'streaks:',
    description: 'Prefix of every Redis key and channel; the same in all services.',
  },
  SESSION_EVENTS_TOPIC: {
    schema: kafkaName(),
    default: 'session-events',
    description:
      'Topic that everything users do is published to and read from: sessions, check-ins, corrections, settings.',
  },
  SESSION_EVENTS_PARTITIONS: {
    schema: wholeNumber(1, 10_000),
    default: '12',
    description: 'Partitions of that topic when it is created here; an existing topic keeps its own.',
  },
  ORGANISATION_EVENTS_TOPIC: {
    schema: kafkaName(),
    default: 'organisation-events',
    description: 'Topic that settings of organisations are published to and read from.',
  },
  ORGANISATION_EVENTS_PARTITIONS: {
    schema: wholeNumber(1, 10_000),
    default: '4',
    description: 'Partitions of that topic when it is created here; an existing topic keeps its own.',
  },
  FRIENDSHIP_EVENTS_TOPIC: {
    schema: kafkaName(),
    default: 'friendship-events',
    description: 'Topic that friends added and removed are published to and read from.',
  },
  FRIENDSHIP_EVENTS_PARTITIONS: {
    schema: wholeNumber(1, 10_000),
    default: '12',
    description: 'Partitions of that topic when it is created here; an existing topic keeps its own.',
  },
  KAFKA_REPLICATION_FACTOR: {
    schema: wholeNumber(1, 32),
    default: '1',
    description: 'Replicas of each partition of topics created here; 3 on a production cluster.',
  },
  MAX_SESSION_SECONDS: {
    schema: wholeNumber(1, 31_536_000),
    default: '604800',
    description: 'Longest session that is accepted, in seconds; the same in ingest and streak-processor.',
  },
  MAX_FUTURE_SECONDS: {
    schema: wholeNumber(0, 31_536_000),
    default: '300',
    description: "How far a session's end may lie after the time Kafka received it, in seconds.",
  },
  FOCUS_DAILY_TARGET_SECONDS: {
    schema: wholeNumber(1, 86_400),
    default: '1800',
    description: 'Seconds of sessions that qualify a local day; the same in streak-processor and query-api.',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The HTTP port of a service; each has its own default. */
export function portSetting(defaultPort: number): Setting<number> & { readonly default: string } {
  return {
    schema: wholeNumber(0, 65_535),
    default: String(defaultPort),
    description: 'TCP port of the HTTP server; 0 takes a free one.',
  };
}

/** The Postgres role of a service; each has its own default. */
export function databaseRoleSetting(
  defaultRole: string,
  purpose: string,
): Setting<string> & { readonly default: string } {
  return {
    schema: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be the name of a role'),
    default: defaultRole,
    description: `Role every Postgres connection takes on, so that ${purpose}; none keeps that of the URL.`,
  };
}
