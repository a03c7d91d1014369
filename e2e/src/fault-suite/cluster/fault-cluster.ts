import { mkdirSync } from 'node:fs';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { type Stack, startStack } from '@streaks/local-stack/start-stack';
import { createTopic } from '@streaks/testing/fresh-topic';
import type { SpawnedService } from '@streaks/testing/spawn-service';
import { type StackAddresses, stackAddresses } from '@streaks/testing/stack-addresses';
import { OTHER_INPUT_PARTITIONS, type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import type { InputTopic } from '../input/input-event';

export interface FaultClusterOptions {
  /** Servers that run already, of one broker. Absent: three brokers and the rest are started in `dir`. */
  readonly addresses?: StackAddresses | undefined;
  /** Data and logs of the servers. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
}

export interface FaultCluster {
  readonly pipeline: Pipeline;
  /** The topics that processors read; all of them are there. */
  readonly inputTopics: Readonly<Record<InputTopic, string>>;
  /** Absent where the servers are not ours. */
  readonly stack: Stack | undefined;
  /** Starts a processor with these failpoints and does not wait for it. */
  spawn(failpoints: string): Promise<SpawnedService>;
  /** Ends everything that was started. `keepData`: what the run left stays in `dir`, to be looked at. */
  stop(options: { readonly keepData: boolean }): Promise<void>;
}

/** As in the tests: safe whatever a process does; only a crash of the machine could tell the difference. */
const POSTGRES_SETTINGS = {
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '30min',
  max_connections: '300',
};

/** A pipeline without processors, on a cluster of three brokers of its own or on servers that run already. */
export async function startFaultCluster(options: FaultClusterOptions): Promise<FaultCluster> {
  const { dir, partitions, sessionTimeoutMs } = options;
  const stack = options.addresses === undefined ? await startOwnStack(dir, options.env) : undefined;
  const addresses = options.addresses ?? stackAddresses(addressesToEnvironment((stack as Stack).addresses));
  const stopStack = async (keepData: boolean): Promise<void> => {
    await stack?.stop();
    if (stack !== undefined && !keepData) await removeStackData(dir);
  };
  const replicationFactor = stack === undefined ? 1 : 3;
  let pipeline: Pipeline;
  try {
    pipeline = await startPipeline({
      addresses,
      processors: 0,
      partitions,
      replicationFactor,
      env: { SESSION_TIMEOUT_MS: String(sessionTimeoutMs), LOG_LEVEL: 'warn' },
    });
  } catch (error) {
    await stopStack(false);
    throw error;
  }
  const { organisations, friendships } = pipeline.otherInputTopics;
  await createTopic(pipeline.brokers, organisations, OTHER_INPUT_PARTITIONS.organisations, {}, replicationFactor);
  await createTopic(pipeline.brokers, friendships, OTHER_INPUT_PARTITIONS.friendships, {}, replicationFactor);
  return {
    pipeline,
    inputTopics: { users: pipeline.topic, organisations, friendships },
    stack,
    spawn: (failpoints) => pipeline.addProcessor({ untilReady: false, env: { FAILPOINTS: failpoints } }),
    async stop({ keepData }) {
      if (keepData && stack !== undefined) {
        await Promise.all(pipeline.processors.map((service) => service.kill('SIGKILL')));
        pipeline.redis.disconnect();
        await pipeline.pool.end();
      } else await pipeline.stop();
      await stopStack(keepData);
    },
  };
}

async function startOwnStack(dir: string, env: NodeJS.ProcessEnv): Promise<Stack> {
  mkdirSync(dir, { recursive: true });
  const { KAFKA_BROKERS: _k, SCHEMA_REGISTRY_URL: _s, DATABASE_URL: _d, REDIS_URL: _r, ...own } = env;
  return startStack({
    dir,
    brokers: 3,
    ports: { kafka: 0, registry: 0, postgres: 0, redis: 0 },
    env: own,
    postgresSettings: POSTGRES_SETTINGS,
  });
}
