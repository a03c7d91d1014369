import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { resolveCacheFolder } from '@streaks/local-stack/artifacts/cache-folder';
import { fetchArtifacts } from '@streaks/local-stack/artifacts/fetch-artifacts';
import { createLines } from '@streaks/local-stack/cli/download-bars';
import { findJava } from '@streaks/local-stack/servers/java';
import { errorLine, StackError } from '@streaks/local-stack/stack-error';
import { repositoryRoot } from '@streaks/testing/repository';
import type { BenchContext } from '../bench-context';
import artifacts from './streams-artifacts.json';

/** How to run the peer's programs. */
export interface StreamsPeer {
  readonly java: string;
  readonly classPath: string;
}

const SOURCES = join(repositoryRoot, 'bench/peers/kafka-streams/src/streaks/peer');
const COMPILE_TIMEOUT_MS = 120_000;

/** Fetches Kafka Streams, RocksDB and the JDBC driver into the cache of the servers and compiles the peer. Throws one line when there is no JDK. */
export async function buildStreamsPeer({ dir, print }: Pick<BenchContext, 'dir' | 'print'>): Promise<StreamsPeer> {
  const { env } = process;
  const java = await findJava(env);
  const display = createLines(print);
  const jars = await fetchArtifacts(
    // The family name of its folder; the folder's own carries a digest of the list.
    { name: 'kafka', artifacts },
    {
      cacheFolder: resolveCacheFolder(env, homedir()),
      repositoryUrl: env['MAVEN_REPOSITORY_URL'],
      onProgress: (progress) => display.show({ ...progress, name: 'kafka-streams' }),
    },
  );
  const classes = join(dir, 'kafka-streams-classes');
  mkdirSync(classes, { recursive: true });
  const javac = java === 'java' ? 'javac' : join(dirname(java), 'javac');
  const sources = readdirSync(SOURCES).map((file) => join(SOURCES, file));
  print('compiling the Kafka Streams peer');
  try {
    const options = ['--release', '17', '-cp', join(jars, '*'), '-d', classes];
    await promisify(execFile)(javac, [...options, ...sources], { timeout: COMPILE_TIMEOUT_MS });
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    const reason = isMissing ? `${javac} does not run: install a JDK 17 or later` : errorLine(error);
    throw new StackError(`The Kafka Streams peer was not compiled: ${reason}.`);
  }
  return { java, classPath: `${classes}:${join(jars, '*')}` };
}
