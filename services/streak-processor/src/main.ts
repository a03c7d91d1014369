import { randomUUID } from 'node:crypto';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createEngineMetrics } from '@streaks/exactly-once/metrics';
import { createPublicationStore } from '@streaks/exactly-once/sql/publication-store';
import { parseSettings } from '@streaks/shared/config/define-settings';
import { createFriendshipEventDecoder } from '@streaks/shared/contracts/friendship-event-codec';
import { createOrganisationEventDecoder } from '@streaks/shared/contracts/organisation-event-codec';
import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { requireTzdata } from '@streaks/shared/domain/calendar/tzdata';
import { createHttpApp } from '@streaks/shared/http/create-app';
import { listen } from '@streaks/shared/http/listen';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { assertKafkajsIsPatched } from '@streaks/shared/kafka/kafkajs-checks/kafkajs-self-test';
import { connectStores } from '@streaks/shared/lifecycle/connect-stores';
import { runService, type ServiceResources } from '@streaks/shared/lifecycle/run-service';
import { createLogger } from '@streaks/shared/observability/create-logger';
import { createRegistry } from '@streaks/shared/observability/create-registry';
import { createStreakStore } from '@streaks/shared/redis/streaks/create-streak-store';
import { engineChecks } from './engines/engine-health';
import { createLanePool, newOwner } from './engines/engine-parts';
import { createInputMetrics } from './engines/input-metrics';
import { type RunningEngines, startEngines } from './engines/start-engines';
import { inputTopics, outputOf } from './kafka/configured-topics';
import { prepareTopics } from './kafka/prepare-topics';
import { keepHistoryPartitions } from './keep-history-partitions';
import { createProcessorMetrics } from './metrics';
import { prepareStore } from './prepare-store';
import { processFailpoints } from './process-failpoints';
import { haltRestoredShards } from './publication/halt-restored-shards';
import { preparePublisher } from './publication/prepare-publisher';
import { startBoards } from './read-model/boards/start-boards';
import { keepFilled } from './read-model/keep-filled';
import { createReplySender } from './read-model/send-replies';
import { settings } from './settings';

const name = 'streak-processor';
const HTTP_DRAIN_MS = 2_000;
const POOL_CONNECTIONS = 8;
const REDIS_COMMAND_TIMEOUT_MS = 5_000;

process.title = `streaks-${name}`;

async function start(resources: ServiceResources): Promise<void> {
  const config = parseSettings(settings, process.env);
  resources.setShutdownDeadlineMs(config.SHUTDOWN_DEADLINE_MS + HTTP_DRAIN_MS * 2);
  const logger = createLogger({ service: name, level: config.LOG_LEVEL });
  resources.useLogger(logger);
  await assertKafkajsIsPatched();
  const tzdata = requireTzdata(process.versions['tz']);
  const registry = createRegistry(name);
  const metrics = createProcessorMetrics(registry);

  let engines: RunningEngines | undefined;
  const { redis, pool } = connectStores(resources, {
    name,
    logger,
    redis: { url: config.REDIS_URL, commandTimeoutMs: REDIS_COMMAND_TIMEOUT_MS },
    postgres: {
      url: config.DATABASE_URL,
      role: config.DATABASE_ROLE,
      max: POOL_CONNECTIONS,
      statementTimeoutMs: 60_000,
      sessionSettings: { DateStyle: 'ISO, YMD' },
    },
  });
  const lanePool = createLanePool(config, logger);
  resources.defer('lanes', () => lanePool.end());

  const app = createHttpApp({
    logger,
    registry,
    serviceName: name,
    routes: () => undefined,
    liveness: () => true, // a consumer that cannot be kept running ends the process by itself
    readiness: async () => ({
      ...(engines?.checks() ?? engineChecks(undefined)),
      postgres: await pool.query('SELECT 1').then(() => 'up' as const),
      redis: redis.status === 'ready' ? 'up' : 'degraded',
    }),
    info: { tzdata },
  });
  const listener = await listen(app, { host: config.HOST, port: config.PORT, insecure: config.STREAKS_INSECURE });
  resources.defer('http', () => listener.close(HTTP_DRAIN_MS));

  const { generation } = await prepareStore(pool, config.OUTBOX_SHARDS, logger);
  const stopping = new AbortController();
  resources.defer('preparation', () => stopping.abort());
  const topics = await prepareTopics({
    createKafka: () => createKafka({ brokers: config.KAFKA_BROKERS, clientId: `${name}-prepare`, logger }),
    inputs: inputTopics(config),
    output: outputOf(config),
    logger,
    monotonicMs: () => performance.now(),
    signal: stopping.signal,
  });
  if (topics === undefined) return;
  const schemas = new SchemaRegistry({ host: config.SCHEMA_REGISTRY_URL, clientId: name });
  const publisher = await preparePublisher({
    config,
    registry: schemas,
    generation,
    deadLetterPartitions: topics.deadLetterPartitions,
    logger,
    signal: stopping.signal,
  });
  if (stopping.signal.aborted) return;

  if (config.PUBLISH) {
    await haltRestoredShards({
      createKafka: () => createKafka({ brokers: config.KAFKA_BROKERS, clientId: `${name}-marks`, logger }),
      store: createPublicationStore(pool),
      topic: config.STREAK_CHANGES_TOPIC,
      groupId: config.RELAY_GROUP_ID,
      shardCount: config.OUTBOX_SHARDS,
      logger,
      signal: stopping.signal,
    });
    if (stopping.signal.aborted) return;
  }

  keepHistoryPartitions(resources, pool, logger);
  const boards = startBoards(resources, {
    redis,
    keyPrefix: config.REDIS_KEY_PREFIX,
    isOn: config.LEADERBOARDS,
    pool,
    logger,
    registry,
  });
  const store = createStreakStore({ redis, keyPrefix: config.REDIS_KEY_PREFIX, boards });
  const filling = keepFilled({
    store,
    pool,
    generation,
    logger,
    newId: randomUUID,
    checkEveryMs: 1_000,
    pageRows: 2_000,
    onRefill: (result) => metrics.refills.inc({ result }),
  });
  resources.defer('refill', () => filling.stop());
  const readers = { now: () => performance.now() };
  const running = startEngines({
    config,
    logger,
    owner: newOwner(),
    metrics: createEngineMetrics(registry, 'streaks_processor'),
    counts: metrics,
    inputs: createInputMetrics(registry),
    pool,
    lanePool,
    store,
    generation,
    decoder: createUserEventDecoder(schemas, readers),
    organisationDecoder: createOrganisationEventDecoder(schemas, readers),
    friendshipDecoder: createFriendshipEventDecoder(schemas, readers),
    publisher,
    onStep: processFailpoints(config.FAILPOINTS),
    sendReplies: createReplySender({
      redis,
      store,
      keyPrefix: config.REDIS_KEY_PREFIX,
      generation: filling.generation,
      onSent: (result, count) => metrics.replies.inc({ result }, count),
    }),
    onFatal: resources.fatal,
  });
  engines = running;
  resources.defer('engines', () => running.stop(config.SHUTDOWN_DEADLINE_MS));
  logger.info({ host: config.HOST, port: listener.port, tzdata, generation: String(generation) }, 'service_started');
}

void runService({ name, start, shutdownDeadlineMs: 20_000 });
