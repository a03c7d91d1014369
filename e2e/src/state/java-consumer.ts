import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { resolveCacheFolder } from '@streaks/local-stack/artifacts/cache-folder';
import { fetchArtifacts } from '@streaks/local-stack/artifacts/fetch-artifacts';
import { ARTIFACT_SETS, type ArtifactSet } from '@streaks/local-stack/artifacts/pinned-artifacts';
import { findJava } from '@streaks/local-stack/servers/java';

/** A record as Java's console consumer printed it, its value left out. A null key or header reads as `null`. */
export interface JavaRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ReadCommittedOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** The end is where nothing more came for this long; more than a join and a fetch take. Default 5,000. */
  readonly idleMs?: number;
  /** Another reader found so many: with fewer it looks once more, with more patience, as a busy machine may take its time to join. Default 0. */
  readonly least?: number;
}

const PATIENT_IDLE_MS = 30_000;

/** The broker's own files lack the tools; they are of the same release. */
const CONSOLE_TOOLS: ArtifactSet = {
  name: 'kafka',
  artifacts: [
    {
      artifact: 'org.apache.kafka:kafka-tools:4.3.1',
      bytes: 698_668,
      sha256: '62f3c5dd7aa3442d4c5bc6a95f86e2502178ea09de8e27f74d9563bf955e253c',
    },
  ],
};

/** Control characters, which neither ids nor our headers hold. */
const FIELD_END = '\u001f';
const HEADER_END = '\u001e';
const RECORD_END = '\u001d';

/**
 * All committed records of a topic, from its first to its present end, as Apache's Java consumer sees them: the judge of
 * what we publish, since it shares no code with us. By partition, each in offset order. An open transaction hides what
 * follows it: publish everything first. Rejects when the consumer complains or its own count is another.
 */
export async function readCommitted(options: ReadCommittedOptions): Promise<JavaRecord[]> {
  const { brokers, topic, idleMs = 5_000, least = 0 } = options;
  const records = await readOnce(brokers, topic, idleMs);
  return records.length >= least ? records : readOnce(brokers, topic, PATIENT_IDLE_MS);
}

async function readOnce(brokers: readonly string[], topic: string, idleMs: number): Promise<JavaRecord[]> {
  const { java, classPath } = await findConsole();
  const formatter = [
    'print.partition=true',
    'print.offset=true',
    'print.headers=true',
    'print.key=true',
    'print.value=false',
    `key.separator=${FIELD_END}`,
    `headers.separator=${HEADER_END}`,
    `line.separator=${RECORD_END}`,
  ];
  const child = spawn(
    java,
    [
      ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8', '-Dlog4j2.level=OFF', '-cp', classPath],
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      ...['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning'],
      ...['--isolation-level', 'read_committed', '--timeout-ms', String(idleMs)],
      ...formatter.flatMap((property) => ['--formatter-property', property]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const records: JavaRecord[] = [];
  let unfinished = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (unfinished + chunk).split(RECORD_END);
    unfinished = lines.pop() ?? '';
    for (const line of lines) records.push(parseRecord(line));
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const counted = /Processed a total of (\d+) messages/.exec(complaint)?.[1];
  if (code !== 0 || Number(counted) !== records.length) {
    throw new Error(
      `the Java consumer ended with ${code} after ${counted} records, ${records.length} read: ${complaint}`,
    );
  }
  return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

async function findConsole(): Promise<{ readonly java: string; readonly classPath: string }> {
  const options = {
    cacheFolder: resolveCacheFolder(process.env, homedir()),
    repositoryUrl: process.env['MAVEN_REPOSITORY_URL'],
    onProgress: () => undefined,
  };
  const broker = await fetchArtifacts(ARTIFACT_SETS.kafka, options);
  const tools = await fetchArtifacts(CONSOLE_TOOLS, options);
  return { java: await findJava(process.env), classPath: [join(broker, '*'), join(tools, '*')].join(':') };
}

/** `Partition:3␟Offset:17␟name:value␞name:value␟key`, headers as `NO_HEADERS` where there are none. */
function parseRecord(line: string): JavaRecord {
  const [partition = '', offset = '', headers = '', key] = line.split(FIELD_END);
  if (!partition.startsWith('Partition:') || !offset.startsWith('Offset:') || key === undefined) {
    throw new Error(`not a line of the console consumer: ${JSON.stringify(line)}`);
  }
  return {
    partition: Number(partition.slice('Partition:'.length)),
    offset: BigInt(offset.slice('Offset:'.length)),
    key,
    headers: headers === 'NO_HEADERS' ? {} : Object.fromEntries(headers.split(HEADER_END).map(parseHeader)),
  };
}

function parseHeader(text: string): [string, string] {
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}
