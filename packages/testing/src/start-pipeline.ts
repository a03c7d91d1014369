import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { createTopic, uniqueName, withAdmin } from './fresh-topic';
import { type SpawnedService, type SpawnServiceOptions, spawnService } from './spawn-service';
import { kafkaBrokers, type StackAddresses, stackAddresses } from './stack-addresses';
import { createTestDatabase } from './test-database';

export interface PipelineOptions {
  readonly addresses?: StackAddresses;
  /** Processors to start with. Default 1. */
  readonly processors?: number;
  readonly ingest?: boolean;
  readonly queryApi?: boolean;
  /** Input partitions. Default 4. */
  readonly partitions?: number;
  /** Of every topic: at most the number of brokers. Default 1. */
  readonly replicationFactor?: number;
  /** Added to the environment of every service. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Partitions of the topics beside `topic`. */
export const OTHER_INPUT_PARTITIONS = { organisations: 1, friendships: 2 } as const;

/** The topics beside `topic` that processors read; made by the first service that starts. */
export interface OtherInputTopics {
  readonly organisations: string;
  readonly friendships: string;
}

/** The topics that processors write. */
export interface OutputTopics {
  readonly streakChanges: string;
  readonly userStreaks: string;
  readonly deadLetters: string;
}

/** The services as processes, on a database, a topic, a group and Redis keys that no other test shares. */
export interface Pipeline {
  readonly databaseUrl: string;
  /** As the superuser: a test may look behind the roles. */
  readonly pool: Pool;
  readonly redis: Redis;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly otherInputTopics: OtherInputTopics;
  /** Made by the first processor. */
  readonly outputTopics: OutputTopics;
  readonly groupId: string;
  readonly redisKeyPrefix: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Those started and not yet seen to end, in order of their start. */
  readonly processors: readonly SpawnedService[];
  readonly ingest: SpawnedService | undefined;
  readonly queryApi: SpawnedService | undefined;
  addProcessor(options?: Partial<Pick<SpawnServiceOptions, 'untilReady' | 'env'>>): Promise<SpawnedService>;
  /** Stops everything in order and drops what it made. Rejects when a process left a connection open. */
  stop(): Promise<void>;
}

export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const { addresses = stackAddresses(), processors: count = 1, partitions = 4, replicationFactor = 1 } = options;
  const brokers = kafkaBrokers(addresses);
  const database = await createTestDatabase({ adminUrl: addresses.DATABASE_URL });
  const topic = uniqueName('session-events');
  await createTopic(brokers, topic, partitions, {}, replicationFactor);
  const redis = new Redis(addresses.REDIS_URL, { maxRetriesPerRequest: 1 });
  // A test may stop Redis: the command that fails tells.
  redis.on('error', () => undefined);
  const groupId = uniqueName('streak-processor');
  const redisKeyPrefix = `${uniqueName('streaks')}:`;
  const otherInputTopics: OtherInputTopics = {
    organisations: `${topic}-organisations`,
    friendships: `${topic}-friendships`,
  };
  const outputTopics: OutputTopics = {
    streakChanges: `${topic}-streak-changes`,
    userStreaks: `${topic}-user-streaks`,
    deadLetters: `${topic}-dead-letters`,
  };
  const environment: Record<string, string> = {
    ...addresses,
    DATABASE_URL: database.url,
    SESSION_EVENTS_TOPIC: topic,
    SESSION_EVENTS_PARTITIONS: String(partitions),
    ORGANISATION_EVENTS_TOPIC: otherInputTopics.organisations,
    ORGANISATION_EVENTS_PARTITIONS: String(OTHER_INPUT_PARTITIONS.organisations),
    FRIENDSHIP_EVENTS_TOPIC: otherInputTopics.friendships,
    FRIENDSHIP_EVENTS_PARTITIONS: String(OTHER_INPUT_PARTITIONS.friendships),
    KAFKA_REPLICATION_FACTOR: String(replicationFactor),
    CONSUMER_GROUP_ID: groupId,
    STREAK_CHANGES_TOPIC: outputTopics.streakChanges,
    USER_STREAKS_TOPIC: outputTopics.userStreaks,
    DEAD_LETTERS_TOPIC: outputTopics.deadLetters,
    RELAY_GROUP_ID: `${groupId}-relay`,
    REDIS_KEY_PREFIX: redisKeyPrefix,
    HOST: '127.0.0.1',
    ...options.env,
  };
  const processors: SpawnedService[] = [];
  const addProcessor: Pipeline['addProcessor'] = async ({ untilReady = true, env = {} } = {}) => {
    const service = await spawnService({ name: 'streak-processor', env: { ...environment, ...env }, untilReady });
    processors.push(service);
    void service.exited.then(() => processors.splice(processors.indexOf(service), 1));
    return service;
  };
  const edges: SpawnedService[] = [];
  const startEdge = async (name: 'ingest' | 'query-api'): Promise<SpawnedService> => {
    const service = await spawnService({ name, env: environment });
    edges.push(service);
    return service;
  };
  const release = async (): Promise<void> => {
    await Promise.all([...edges, ...processors].map((service) => service.stop()));
    await deleteKeys(redis, redisKeyPrefix);
    redis.disconnect();
    await withAdmin(brokers, async (admin) => {
      const ours = new Set([topic, ...Object.values(otherInputTopics), ...Object.values(outputTopics)]);
      await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => ours.has(name)) });
    }).catch(() => undefined);
    await database.drop();
  };
  try {
    for (let started = 0; started < count; started += 1) await addProcessor();
    const ingest = options.ingest === true ? await startEdge('ingest') : undefined;
    const queryApi = options.queryApi === true ? await startEdge('query-api') : undefined;
    return {
      databaseUrl: database.url,
      pool: database.pool,
      redis,
      brokers,
      topic,
      partitions,
      otherInputTopics,
      outputTopics,
      groupId,
      redisKeyPrefix,
      environment,
      processors,
      ingest,
      queryApi,
      addProcessor,
      stop: release,
    };
  } catch (error) {
    await release().catch(() => undefined);
    throw error;
  }
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...keys);
    }
  } catch {
    // Redis was stopped by the test: its keys went with it.
  }
}
