import type { SettingsOf } from '@streaks/shared/config/define-settings';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id/topic-id';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createPool } from '@streaks/shared/postgres/create-pool';
import type { Admin, Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import type { operatorSettings } from '../settings';
import { lineOf } from './outcomes';

export type OperatorSettings = SettingsOf<typeof operatorSettings>;

/** What a command works on. Nothing is connected before it is used. */
export interface Connections {
  readonly config: OperatorSettings;
  readonly pool: Pool;
  /** A new client each time: kafkajs shares state between all that come from one. */
  readonly createKafka: () => Kafka;
  readonly fetchTopicId: (topic: string) => Promise<string>;
  withAdmin<Result>(use: (admin: Admin) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const CLIENT_ID = 'streaks-operator';
const KAFKA_TIMEOUT_MS = 5_000;
/** A command waits for a row that a transaction holds; it must not wait for ever at a terminal. */
const LOCK_TIMEOUT_MS = 20_000;

export function connect(config: OperatorSettings): Connections {
  const logger = createLogger({ service: CLIENT_ID, level: 'silent' });
  const pool = createPool({
    url: config.DATABASE_URL,
    name: CLIENT_ID,
    role: config.DATABASE_ROLE,
    max: 2,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    sessionSettings: { TimeZone: 'UTC', DateStyle: 'ISO, YMD' },
    onIdleError: () => undefined, // the next query tells
  });
  const newKafka = () =>
    createKafka({ brokers: config.KAFKA_BROKERS, clientId: CLIENT_ID, logger, retry: { retries: 3 } });
  return {
    config,
    pool,
    createKafka: newKafka,
    fetchTopicId: (topic) =>
      fetchTopicId({ brokers: config.KAFKA_BROKERS, topic, clientId: CLIENT_ID, timeoutMs: KAFKA_TIMEOUT_MS }),
    async withAdmin(use) {
      const admin = newKafka().admin();
      try {
        await admin.connect();
        return await use(admin);
      } catch (error) {
        throw new Error(`Kafka (${config.KAFKA_BROKERS.join(',')}): ${lineOf(error)}`, { cause: error });
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    },
    close: () => pool.end(),
  };
}
