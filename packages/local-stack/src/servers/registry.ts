import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchArtifacts } from '../artifacts/fetch-artifacts';
import { ARTIFACT_SETS, fileName } from '../artifacts/pinned-artifacts';
import { unpackTar } from '../artifacts/unpack';
import type { ServerSpec } from '../processes/server-process';
import type { ServerContext } from './server-context';

const PRODUCT = 'app';
const VERSION = '2.6.13.Final';

/** Path of the Confluent-compatible API. */
export const REGISTRY_API_PATH = '/apis/ccompat/v7';

/** Prepares Apicurio with an H2 file as its store: in memory, which is its default, schema ids would change with every start. */
export async function prepareRegistry(context: ServerContext, java: string, port: number): Promise<ServerSpec> {
  const set = ARTIFACT_SETS.registry;
  const folder = await fetchArtifacts(set, {
    cacheFolder: context.cacheFolder,
    repositoryUrl: context.env['MAVEN_REPOSITORY_URL'],
    onProgress: context.onProgress,
    product: PRODUCT,
    unpack: async (target) => {
      for (const { artifact } of set.artifacts) await unpackTar(join(target, fileName(artifact)), target, PRODUCT);
    },
  });
  const data = join(context.dir, 'registry');
  await mkdir(data, { recursive: true });
  const database = `jdbc:h2:file:${join(data, 'registry')};DB_CLOSE_ON_EXIT=FALSE`;
  return {
    name: 'registry',
    command: java,
    args: [
      '-Dstreaks.server=registry',
      '-Xms64m',
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-jar',
      join(folder, PRODUCT, `apicurio-registry-app-${VERSION}-runner.jar`),
    ],
    env: {
      ...context.env,
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_DATASOURCE_JDBC_URL: database,
      REGISTRY_DATASOURCE_URL: database,
      QUARKUS_LOG_CONSOLE_COLOR: 'false',
    },
    logPath: join(context.dir, 'logs', 'registry.log'),
    stopSignal: 'SIGTERM',
    isReady: () => isRegistryReady(`http://127.0.0.1:${port}${REGISTRY_API_PATH}`),
  };
}

async function isRegistryReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
