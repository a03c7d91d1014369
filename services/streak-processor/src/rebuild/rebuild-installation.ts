import { laneSessionSettings } from '@streaks/exactly-once/binary/lane-session-settings';
import { createKafka } from '@streaks/shared/kafka/create-kafka';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { createLogger } from '@streaks/shared/observability/create-logger';
import type { Pool } from 'pg';
import { defaultTargets } from '../engines/default-targets';
import { type Installation, type InstallationSettings, openInstallation } from '../verify/installation';
import { type ProgressDisplay, silentProgress } from '../verify/progress-display';
import { createInputs } from './create-inputs';
import { raiseGeneration, refillRedis } from './refill-redis';
import { type RebuildResult, type RebuildStep, runRebuild } from './run-rebuild';
import type { RebuildSource } from './schema/rebuild-schema';

export interface RebuildRequest {
  readonly source?: RebuildSource;
  readonly isDryRun?: boolean;
  /** Redis alone: Postgres stays as it is. */
  readonly isRedisOnly?: boolean;
  readonly mayDropUnlogged?: boolean;
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

/**
 * Makes Postgres again from the log (or from its stored facts) and Redis from Postgres, while processors run or not.
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
  const { rows } = await pool.query<{ shards: number }>('SELECT count(*)::int AS shards FROM outbox_shard');
  const shardCount = rows[0]?.shards ?? 0;
  if (shardCount === 0) throw new Error('this installation has not been started yet: there is nothing to rebuild');
  return runRebuild({
    source: request.source ?? 'log',
    isDryRun: request.isDryRun ?? false,
    mayDropUnlogged: request.mayDropUnlogged ?? false,
    inputs: await createInputs(config, NAME),
    targets: defaultTargets(config),
    rules: rulesOf(config),
    createKafka: (role) => createKafka({ brokers: config.KAFKA_BROKERS, clientId: `streaks-${role}`, logger }),
    pool,
    freshPool: installation.openPool({
      name: `${NAME}-fresh`,
      max: 2,
      sessionSettings: { ...laneSessionSettings, search_path: 'rebuild' },
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
