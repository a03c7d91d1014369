import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { fetchArtifacts } from '../artifacts/fetch-artifacts';
import { ARTIFACT_SETS, fileName } from '../artifacts/pinned-artifacts';
import { unpackProgram } from '../artifacts/unpack';
import type { ServerSpec } from '../processes/server-process';
import { StackError } from '../stack-error';
import type { ServerContext } from './server-context';

/** Programs inside the pinned jar, by Node's platform and architecture. */
const PACKED_PROGRAMS: Readonly<Record<string, string>> = {
  'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux-arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
};

/** Prepares Redis. What it holds is saved as a snapshot, at the latest when it ends, and so survives a restart. */
export async function prepareRedis(context: ServerContext, port: number): Promise<ServerSpec> {
  const program = findOnPath(context.env['PATH'], ['redis-server', 'valkey-server']) ?? (await fetchProgram(context));
  const data = join(context.dir, 'redis');
  await mkdir(data, { recursive: true });
  return {
    name: 'redis',
    command: program,
    args: [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      data,
      '--save',
      '60 1',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
    ],
    env: context.env,
    logPath: join(context.dir, 'logs', 'redis.log'),
    stopSignal: 'SIGTERM',
    isReady: () => isRedisReady(port),
  };
}

/** First of the programs that the folders of PATH hold, or null. */
export function findOnPath(path: string | undefined, programs: readonly string[]): string | null {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = programs.flatMap((program) => folders.map((folder) => join(folder, program)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function fetchProgram(context: ServerContext): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const entry = PACKED_PROGRAMS[platform];
  if (entry === undefined)
    throw new StackError(`No Redis for ${platform}: install redis-server or valkey-server, or give REDIS_URL.`);
  const set = ARTIFACT_SETS.redis;
  const product = `redis-server-${platform}`;
  const folder = await fetchArtifacts(set, {
    cacheFolder: context.cacheFolder,
    repositoryUrl: context.env['MAVEN_REPOSITORY_URL'],
    onProgress: context.onProgress,
    product,
    unpack: async (target) => {
      for (const { artifact } of set.artifacts)
        await unpackProgram(join(target, fileName(artifact)), entry, target, product);
    },
  });
  return join(folder, product);
}

/** PING is refused while a snapshot is being loaded, so +PONG means that the data is there. */
function isRedisReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const answer = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => answer(data.toString('latin1').startsWith('+PONG')));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
    socket.once('close', () => resolve(false));
  });
}
