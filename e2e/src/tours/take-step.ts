import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SpawnedService } from '@streaks/testing/spawn-service';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { likeExpected, onlyReads, replaceAddresses, type TourStep } from './tour';

const run = promisify(execFile);

export const COMMAND_TIMEOUT_MS = 30_000;

/** What stands in the pages for the servers and the topic, and what the pipeline has in their place: the tests share one Kafka. */
export type Addresses = Readonly<Record<string, string>>;

export function addressesOf(pipeline: Pipeline): Addresses {
  const { ingest, queryApi, processors, brokers, environment, topic } = pipeline;
  return {
    '127.0.0.1:3001': hostOf(ingest),
    '127.0.0.1:3002': hostOf(queryApi),
    '127.0.0.1:3003': hostOf(processors[0]),
    '127.0.0.1:9092': brokers[0] ?? '',
    'http://127.0.0.1:8081/apis/ccompat/v7': environment['SCHEMA_REGISTRY_URL'] ?? '',
    'session-events': topic,
  };
}

/**
 * Types the command as it is written, but for the addresses. What it prints, where that is not what stands under it; else just
 * that. A step that only asks is asked again until it is, for some seconds.
 */
export async function takeStep({ command, expected }: TourStep, addresses: Addresses): Promise<string> {
  const print = async (): Promise<string> => {
    const { stdout } = await run('bash', ['-c', replaceAddresses(command, addresses)], { timeout: COMMAND_TIMEOUT_MS });
    return likeExpected(stdout, expected);
  };
  if (onlyReads(command)) {
    // A mismatch is told by the caller's comparison, which shows both texts.
    await waitFor(async () => (await print()) === expected, { description: 'the output of the page' }).catch(
      () => undefined,
    );
  }
  return print();
}

/** The address that a command asks, else its beginning. */
export function summarise({ command }: TourStep): string {
  return /127\.0\.0\.1:\d+[^'"\s]*/.exec(command)?.[0] ?? command.slice(0, 60);
}

function hostOf(service: SpawnedService | undefined): string {
  if (service === undefined) throw new Error('a service of the pipeline is missing');
  return new URL(service.url).host;
}
