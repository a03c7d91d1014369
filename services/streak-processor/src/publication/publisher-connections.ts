import type { PublisherOptions } from '@streaks/exactly-once/publish/publisher-options';
import { createPublicationStore } from '@streaks/exactly-once/sql/publication-store';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import type { Logger } from '@streaks/shared/observability/create-logger';
import { createPool } from '@streaks/shared/postgres/create-pool';
import type { Pool } from 'pg';
import type { OutputPlaces } from './output/output-records';
import { createReadOutput, readOutputSettings } from './output/read-output';

/** What the publisher's thread is told. Plain data: it is copied there. */
export interface PublisherConfig {
  readonly databaseUrl: string;
  readonly databaseRole: string;
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly transactionTimeoutMs: number;
  readonly places: OutputPlaces;
  readonly logLevel: string;
  /** Of the fault tests; empty outside of them. */
  readonly failpoints: string;
}

/** Pages, marks and the state of the outbox; pages of two tables are read at a time. */
const POOL_CONNECTIONS = 4;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Of a page read back: what fits one Kafka transaction of the publisher. */
const PAGE_BYTES = 4_000_000;

export interface PublisherConnections {
  readonly pool: Pool;
  readonly options: Pick<
    PublisherOptions,
    'store' | 'readOutput' | 'createKafka' | 'groupId' | 'markTopic' | 'transactionTimeoutMs'
  >;
}

/** The publisher's way to Postgres and Kafka; the pool is to be ended behind it. */
export function connectPublisher(config: PublisherConfig, logger: Logger): PublisherConnections {
  const { places, brokers } = config;
  const pool = createPool({
    url: config.databaseUrl,
    name: 'streak-processor-publisher',
    role: config.databaseRole,
    max: POOL_CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    sessionSettings: readOutputSettings,
    onIdleError: (error) => logger.warn({ err: error }, 'publisher_connection_lost'),
  });
  return {
    pool,
    options: {
      store: createPublicationStore(pool),
      readOutput: createReadOutput({ pool, places, maxBytes: PAGE_BYTES }),
      createKafka: ({ retry, requestTimeoutMs }) =>
        createKafka({ brokers, clientId: 'streak-processor-publisher', logger, retry, requestTimeoutMs }),
      groupId: config.groupId,
      markTopic: places.streakChanges,
      transactionTimeoutMs: config.transactionTimeoutMs,
    },
  };
}
