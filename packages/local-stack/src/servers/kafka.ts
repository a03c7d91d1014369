import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { fetchArtifacts } from '../artifacts/fetch-artifacts';
import { ARTIFACT_SETS } from '../artifacts/pinned-artifacts';
import type { ServerSpec } from '../processes/server-process';
import type { ProcessName } from '../server-names';
import { StackError } from '../stack-error';
import { type BrokerPorts, kafkaProperties, LOG4J_PROPERTIES } from './kafka-properties';
import type { ServerContext } from './server-context';

const run = promisify(execFile);
const BROKER_NAMES: readonly ProcessName[] = ['kafka', 'kafka-2', 'kafka-3'];

/** Prepares the broker or brokers, one for each entry of `ports`; formats their storage the first time. */
export async function prepareKafka(
  context: ServerContext,
  java: string,
  ports: readonly BrokerPorts[],
): Promise<ServerSpec[]> {
  const jars = await fetchArtifacts(ARTIFACT_SETS.kafka, {
    cacheFolder: context.cacheFolder,
    repositoryUrl: context.env['MAVEN_REPOSITORY_URL'],
    onProgress: context.onProgress,
  });
  const folder = join(context.dir, 'kafka');
  const clusterId = await readClusterId(folder, ports.length);
  await writeFile(join(folder, 'log4j2.properties'), LOG4J_PROPERTIES);
  const classPath = ['-cp', join(jars, '*')];
  const logging = `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`;
  return Promise.all(
    ports.map(async ({ broker }, index) => {
      const name = BROKER_NAMES[index] ?? 'kafka';
      const properties = join(folder, `${name}.properties`);
      const data = join(folder, `${name}-data`);
      await writeFile(properties, kafkaProperties({ nodeId: index + 1, ports, dataFolder: data }));
      if (!existsSync(join(data, 'meta.properties'))) {
        await run(java, [
          logging,
          '-XX:TieredStopAtLevel=1',
          ...classPath,
          'kafka.tools.StorageTool',
          'format',
          '-t',
          clusterId,
          '-c',
          properties,
        ]);
      }
      const heap = ports.length === 1 ? ['-Xms256m', '-Xmx512m'] : ['-Xms128m', '-Xmx384m'];
      return {
        name,
        command: java,
        args: [
          `-Dstreaks.server=${name}`,
          ...heap,
          '-XX:+UseG1GC',
          '-XX:MaxGCPauseMillis=20',
          logging,
          ...classPath,
          'kafka.Kafka',
          properties,
        ],
        env: context.env,
        logPath: join(context.dir, 'logs', `${name}.log`),
        stopSignal: 'SIGTERM',
        isReady: () => isBrokerReady(broker, ports.length),
      };
    }),
  );
}

/** The identity is kept with the data, as is the number of brokers: a quorum of one cannot be opened as a quorum of three. */
async function readClusterId(folder: string, brokers: number): Promise<string> {
  const path = join(folder, 'cluster');
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    const clusterId = randomBytes(16).toString('base64url');
    // StorageTool takes a leading dash for an option.
    await writeFile(path, `A${clusterId.slice(1)} ${brokers}\n`);
  }
  const [clusterId = '', recorded = ''] = (await readFile(path, 'utf8')).trim().split(' ');
  if (Number(recorded) !== brokers) {
    throw new StackError(
      `The data in ${folder} belongs to a cluster of ${recorded}, not of ${brokers}: start it with --brokers ${recorded}, or remove it with npm run reset.`,
    );
  }
  return clusterId;
}

/** Ready when the broker knows a controller and all its peers. */
async function isBrokerReady(port: number, brokers: number): Promise<boolean> {
  const client = new Kafka({
    clientId: 'streaks-local-stack',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.controller !== null && cluster.brokers.length === brokers;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
