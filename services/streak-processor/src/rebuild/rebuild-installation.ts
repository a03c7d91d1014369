import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { laneSessionSettings } from '@streaks/exactly-once/binary/lane-session-settings';
import { createUserEventDecoder } from '@streaks/shared/contracts/user-event-codec';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { fetchTopicId } from '@streaks/shared/kafka/topic-id';
import { createLogger } from '@streaks/shared/observability/create-logger';
import type { Pool } from 'pg';
import { defaultTargets } from '../engines/default-targets';
import { createStreaksProjection } from '../projections/streaks/create-streaks-projection';
import { type Installation, type InstallationSettings, openInstallation } from '../verify/installation';
import { type ProgressDisplay, silentProgress } from '../verify/progress-display';
import type { RebuildSource } from './rebuild-schema';
import { raiseGeneration, refillRedis } from './refill-redis';
import { type RebuildResult, type RebuildStep, runRebuild } from './run-rebuild';

export interface RebuildRequest {
  readonly source?: RebuildSource;
  readonly isDryRun?: boolean;
  /** Redis alone: Postgres stays as it is. */
  readonly isRedisOnly?: boolean;
  readonly mayDropSessions?: boolean;
  readonly actor?: string;
  readonly display?: ProgressDisplay;
  readonly print?: (line: string) => void;
  readonly onStep?: (step: RebuildStep) => void | Promise<void>;
}

export interface RebuildReport {
  /** Undefined where Redis alone was refilled. */
  readonly rebuilt: RebuildResult | undefined;
  /** States written to Redis by this command; a processor may have written the others. */
  readonly refilled: number;
}

const NAME = 'streaks-rebuild';
const METADATA_TIMEOUT_MS = 5_000;

/**
 * Makes Postgres again from the log (or from its sessions) and Redis from Postgres, while processors run or not.
 * `env`: the settings of the processor; the user of `DATABASE_URL` must own the tables.
 */
export async function rebuildInstallation(
  env: Readonly<Record<string, string | undefined>>,
  request: RebuildRequest = {},
): Promise<RebuildReport> {
  const { display = silentProgress } = request;
  const installation = await openInstallation(env, NAME);
  try {
    const pool = installation.openPool({ name: NAME, max: 6, sessionSettings: { DateStyle: 'ISO, YMD' } });
    if (request.isRedisOnly === true) {
      await raiseGeneration(pool);
      return { rebuilt: undefined, refilled: await refillRedis(pool, installation.store, display) };
    }
    const rebuilt = await rebuildPostgres(installation, pool, request);
    if (request.isDryRun === true) return { rebuilt, refilled: 0 };
    return { rebuilt, refilled: await refillRedis(pool, installation.store, display) };
  } finally {
    display.close();
    await installation.close();
  }
}

async function rebuildPostgres(
  installation: Installation,
  pool: Pool,
  request: RebuildRequest,
): Promise<RebuildResult> {
  const { config } = installation;
  const logger = createLogger({ service: NAME, level: 'silent' });
  const topic = config.SESSION_EVENTS_TOPIC;
  const { rows } = await pool.query<{ shards: number }>('SELECT count(*)::int AS shards FROM outbox_shard');
  const shardCount = rows[0]?.shards ?? 0;
  if (shardCount === 0) throw new Error('this installation has not been started yet: there is nothing to rebuild');
  return runRebuild({
    source: request.source ?? 'log',
    isDryRun: request.isDryRun ?? false,
    mayDropSessions: request.mayDropSessions ?? false,
    topic,
    topicId: await fetchTopicId({
      brokers: config.KAFKA_BROKERS,
      topic,
      clientId: NAME,
      timeoutMs: METADATA_TIMEOUT_MS,
    }),
    targetMs: config.FOCUS_DAILY_TARGET_SECONDS * 1_000,
    rules: rulesOf(config),
    projection: createProjection(config),
    createKafka: (role) => createKafka({ brokers: config.KAFKA_BROKERS, clientId: `streaks-${role}`, logger }),
    pool,
    freshPool: installation.openPool({
      name: `${NAME}-fresh`,
      max: 2,
      sessionSettings: { ...laneSessionSettings, search_path: 'rebuild,public' },
    }),
    shardOf: (userId) => partitionForKey(userId, shardCount),
    actor: request.actor ?? NAME,
    display: request.display ?? silentProgress,
    print: request.print ?? (() => undefined),
    onStep: request.onStep,
  });
}

const rulesOf = (config: InstallationSettings): string =>
  `target ${config.FOCUS_DAILY_TARGET_SECONDS}, longest ${config.MAX_SESSION_SECONDS}, future ${config.MAX_FUTURE_SECONDS}`;

function createProjection(config: InstallationSettings) {
  return createStreaksProjection({
    targets: defaultTargets(config),
    limits: { maxDurationMs: config.MAX_SESSION_SECONDS * 1_000, maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000 },
    generation: 0n, // its changes are not stored
    isShadow: true,
    decoder: createUserEventDecoder(new SchemaRegistry({ host: config.SCHEMA_REGISTRY_URL, clientId: NAME }), {
      now: () => performance.now(),
    }),
  });
}
