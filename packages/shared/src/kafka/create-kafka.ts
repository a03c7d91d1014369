import { type ISocketFactory, Kafka, type KafkaConfig, type LogEntry, logLevel, type RetryOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { registerCompressionCodecs } from './compression/compression-codecs';

export interface CreateKafkaOptions {
  /** host:port of one or more brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
  /** Of the client itself: connecting, metadata, and what transactions do (their manager uses no other setting). */
  readonly retry?: RetryOptions;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** For tests that cut connections. */
  readonly socketFactory?: ISocketFactory;
}

/**
 * Long enough to sit out a broker's restart, short enough that no back-off outlives a third of a session timeout (no
 * heartbeat is sent meanwhile). The first step is small because transactions meet CONCURRENT_TRANSACTIONS often.
 */
export const DEFAULT_KAFKA_RETRY: RetryOptions = {
  initialRetryTime: 20,
  factor: 0.2,
  multiplier: 2,
  maxRetryTime: 1000,
  retries: 8,
};

const DEFAULT_CONNECTION_TIMEOUT_MS = 3000;
const DEFAULT_REQUEST_TIMEOUT_MS = 15_000;
const RETRIED_SEND = 'Failed to send messages: ';
const PARTITIONER_WARNING = 'KafkaJS v2.0.0 switched default partitioner';
const RETRIES_WARNING = 'Limiting retries for the idempotent producer';

/**
 * A Kafka client. Make one for each consumer, producer and admin: kafkajs shares the offsets of a group between all
 * that come from one client, so a relay's `sendOffsets` would move a consumer's position. All compression codecs are
 * registered, kafkajs' log lines go to pino.
 */
export function createKafka(options: CreateKafkaOptions): Kafka {
  registerCompressionCodecs();
  const { brokers, clientId, logger, retry, ssl, sasl, socketFactory } = options;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: options.connectionTimeoutMs ?? DEFAULT_CONNECTION_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
    retry: { ...DEFAULT_KAFKA_RETRY, ...retry },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => logToPino(logger, entry),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(socketFactory === undefined ? {} : { socketFactory }),
  });
}

/** kafkajs calls what it is about to retry an error; whether something is one is for its caller to say, so levels drop by one. */
function logToPino(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _logger, ...fields } = log;
  // All partitions are given explicitly or by the Java-compatible default, and a producer that gave up once is thrown away: there
  // is nothing to warn of.
  if (message.startsWith(PARTITIONER_WARNING) || message.startsWith(RETRIES_WARNING)) return;
  // A broker's refusal of one request: kafkajs tries again, and its caller tells when it gives up.
  const isRetried = message.startsWith('Response ') || message.startsWith(RETRIED_SEND);
  const line = { ...fields, component: namespace, detail: message };
  if (isRetried) logger.debug(line, 'kafka_client');
  else if (level === logLevel.ERROR) logger.warn(line, 'kafka_client');
  else if (level === logLevel.WARN) logger.info(line, 'kafka_client');
  else logger.debug(line, 'kafka_client');
}
