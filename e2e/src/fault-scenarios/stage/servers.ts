import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStackData } from '@streaks/local-stack/remove-stack-data';
import { addressesToEnvironment } from '@streaks/local-stack/stack-addresses';
import { type Stack, startStack } from '@streaks/local-stack/start-stack';
import { type StackAddresses, stackAddresses } from '@streaks/testing/stack-addresses';

/** Where a stage is built. */
export interface Place {
  readonly addresses: StackAddresses;
  /** Most copies a topic can have. */
  readonly replicationFactor: number;
}

/** Servers that a scenario may kill: nobody else uses them. */
export interface Servers extends Place {
  readonly stack: Stack;
  /** Folder of their data. */
  readonly dir: string;
  stop(): Promise<void>;
}

/** Few enough that a scenario can use them all up. */
const MAX_CONNECTIONS = 80;

/** Three brokers, the registry, Postgres and Redis, on free ports and with data in a folder that `stop` removes. */
export async function startServers(env: NodeJS.ProcessEnv): Promise<Servers> {
  const dir = mkdtempSync(join(tmpdir(), 'streaks-scenarios-'));
  const { KAFKA_BROKERS: _k, SCHEMA_REGISTRY_URL: _s, DATABASE_URL: _d, REDIS_URL: _r, ...own } = env;
  const remove = async (): Promise<void> => {
    await removeStackData(dir);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const stack = await startStack({
      dir,
      brokers: 3,
      ports: { kafka: 0, registry: 0, postgres: 0, redis: 0 },
      env: own,
      postgresSettings: { max_connections: String(MAX_CONNECTIONS) },
    });
    return {
      stack,
      dir,
      addresses: stackAddresses(addressesToEnvironment(stack.addresses)),
      replicationFactor: 3,
      stop: async () => {
        await stack.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
