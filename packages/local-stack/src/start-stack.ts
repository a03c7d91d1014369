import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { resolveCacheFolder } from './artifacts/cache-folder';
import type { DownloadProgress } from './artifacts/fetch-artifacts';
import { withFolderLock } from './artifacts/folder-lock';
import { followFile } from './follow-file';
import { planPorts } from './plan-ports';
import { assertPortFree } from './processes/port-holder';
import { identify, type ProcessIdentity } from './processes/process-identity';
import { createServerProcess, type ServerProcess, type ServerSpec } from './processes/server-process';
import { reuse, reuseRunning } from './reuse-stack';
import { type ProcessName, SERVER_NAMES, type ServerName, type ServerPorts } from './server-names';
import { findJava } from './servers/java';
import { prepareKafka } from './servers/kafka';
import { DATABASE_NAME, preparePostgres } from './servers/postgres';
import { prepareRedis } from './servers/redis';
import { prepareRegistry, REGISTRY_API_PATH } from './servers/registry';
import type { ServerContext } from './servers/server-context';
import {
  addressEntry,
  addressesFromEnvironment,
  addressOf,
  addressVariable,
  type StackAddresses,
  withBlanks,
} from './stack-addresses';
import { StackError } from './stack-error';
import { endLeftovers, findRunningStack, removeStackRecord, writeStackRecord } from './stack-record';

export type StackOptions = {
  /** Data, logs, `stack.env` and `stack.json`. Created when it is not there. */
  readonly dir: string;
  /** Defaults as in DEFAULT_PORTS; 0 takes any free port. */
  readonly ports?: Partial<ServerPorts>;
  readonly brokers?: 1 | 3;
  /** The servers wanted; all four when absent. */
  readonly only?: readonly ServerName[];
  /**
   * Default: process.env. Servers whose address it gives (KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL, REDIS_URL) are not started. Also
   * read: PATH, JAVA_HOME, STREAKS_CACHE_DIR, XDG_CACHE_HOME, MAVEN_REPOSITORY_URL.
   */
  readonly env?: NodeJS.ProcessEnv;
  /** Settings for postgresql.conf, added to ours. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  readonly onLog?: (server: ProcessName, line: string) => void;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** A server ended although nobody had asked it to. */
  readonly onExit?: (server: ProcessName, detail: string) => void;
};

export type Stack = {
  /** Empty text for a server that was not asked for. */
  readonly addresses: StackAddresses;
  /** True when another process runs these servers; `stop` then leaves them alone and `restart` is refused. */
  readonly isReused: boolean;
  pids(): Readonly<Partial<Record<ProcessName, number>>>;
  /** Ends the servers in order: registry, Kafka, Postgres, Redis. Safe to call again. */
  stop(): Promise<void>;
  /** Sends a signal and does not wait. */
  kill(server: ProcessName, signal: NodeJS.Signals): void;
  /** Ends the server if it runs, in order, and starts it again with its data and port; resolves when it is ready. */
  restart(server: ProcessName): Promise<void>;
};

const STOP_ORDER: readonly (readonly ProcessName[])[] = [
  ['registry'],
  ['kafka', 'kafka-2', 'kafka-3'],
  ['postgres'],
  ['redis'],
];

/**
 * Starts the servers as native processes and resolves when all answer. A stack that already runs in `dir` is used as it is.
 * Throws StackError, one line, for what the reader can mend: Java, ports, disk, downloads.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = resolve(options.dir);
  const env = options.env ?? process.env;
  const given = addressesFromEnvironment(env);
  const wanted = (options.only ?? SERVER_NAMES).filter((server) => addressOf(given, server) === undefined);
  if (wanted.length === 0) return reuse({ owner: ownIdentity(), processes: {} }, given);
  await mkdir(join(dir, 'logs'), { recursive: true });
  return withFolderLock(dir, async () => {
    const running = findRunningStack(dir);
    if (running !== null) return reuseRunning(dir, running, wanted, given);
    await endLeftovers(dir);
    return startServers({ ...options, dir, env }, wanted, given);
  });
}

async function startServers(
  options: StackOptions & { dir: string; env: NodeJS.ProcessEnv },
  wanted: readonly ServerName[],
  given: Partial<StackAddresses>,
): Promise<Stack> {
  const { dir, env } = options;
  const java = wanted.includes('kafka') || wanted.includes('registry') ? await findJava(env) : '';
  const ports = await planPorts(options.ports ?? {}, options.brokers ?? 1, Math.random);
  const remedy = (server: ServerName): string =>
    `set STREAKS_${server.toUpperCase()}_PORT, or give ${addressVariable(server)} of a server you have`;
  for (const { server, port } of ports.listed.filter((entry) => wanted.includes(entry.server))) {
    await assertPortFree(port, server, remedy(server));
  }
  const context: ServerContext = {
    dir,
    env,
    cacheFolder: resolveCacheFolder(env, homedir()),
    onProgress: options.onProgress ?? (() => undefined),
  };
  const recipes: Record<ServerName, { address: string; prepare: () => Promise<readonly ServerSpec[]> }> = {
    kafka: {
      address: ports.brokers.map(({ broker }) => `127.0.0.1:${broker}`).join(),
      prepare: () => prepareKafka(context, java, ports.brokers),
    },
    registry: {
      address: `http://127.0.0.1:${ports.registry}${REGISTRY_API_PATH}`,
      prepare: async () => [await prepareRegistry(context, java, ports.registry)],
    },
    postgres: {
      address: `postgres://${DATABASE_NAME}@127.0.0.1:${ports.postgres}/${DATABASE_NAME}`,
      prepare: async () => [await preparePostgres(context, ports.postgres, options.postgresSettings ?? {})],
    },
    redis: {
      address: `redis://127.0.0.1:${ports.redis}`,
      prepare: async () => [await prepareRedis(context, ports.redis)],
    },
  };

  const servers = new Map<ProcessName, ServerProcess>();
  const identities: Partial<Record<ProcessName, ProcessIdentity>> = {};
  const unfollow: (() => void)[] = [];
  let addresses: StackAddresses | undefined;
  const record = (): void => {
    writeStackRecord(dir, {
      owner: ownIdentity(),
      processes: identities,
      ...(addresses === undefined ? {} : { addresses }),
    });
  };
  let isGivenUp = false;
  const start = async (spec: ServerSpec): Promise<void> => {
    if (isGivenUp) return;
    const server = createServerProcess(spec, {
      onSpawn(name, pid) {
        const identity = identify(pid);
        if (identity !== null) identities[name] = identity;
        record();
      },
      onExit: options.onExit ?? (() => undefined),
    });
    servers.set(spec.name, server);
    const { onLog } = options;
    if (onLog !== undefined) unfollow.push(followFile(spec.logPath, (line) => onLog(spec.name, line)));
    await server.start();
  };
  const stop = async (): Promise<void> => {
    for (const names of STOP_ORDER) await Promise.all(names.map((name) => servers.get(name)?.stop()));
    for (const end of unfollow.splice(0)) end();
    removeStackRecord(dir);
  };

  record();
  const starts = wanted.map(async (server) => Promise.all((await recipes[server].prepare()).map(start)));
  try {
    await Promise.all(starts);
  } catch (error) {
    // The others may only now be coming up; what is not awaited here would be left behind.
    isGivenUp = true;
    await stop();
    await Promise.allSettled(starts);
    await stop();
    throw error;
  }
  addresses = withBlanks({
    ...Object.assign({}, ...wanted.map((server) => addressEntry(server, recipes[server].address))),
    ...given,
  });
  record();

  const serverOf = (name: ProcessName): ServerProcess => {
    const server = servers.get(name);
    if (server === undefined) throw new StackError(`This stack has no ${name}.`);
    return server;
  };
  return {
    addresses,
    isReused: false,
    pids: () =>
      Object.fromEntries(
        [...servers].flatMap(([name, server]) => (server.pid() === null ? [] : [[name, server.pid()]])),
      ),
    stop,
    kill: (name, signal) => serverOf(name).kill(signal),
    async restart(name) {
      await serverOf(name).stop();
      await serverOf(name).start();
    },
  };
}

function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startedAt: '' };
}
