import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@streaks/testing/repository';
import type { SpawnedService } from '@streaks/testing/spawn-service';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { findKcat, findPythonWithConfluentKafka } from './producers/foreign-clients';
import { findBlock, likeExpected, onlyReads, parseTour, replaceAddresses } from './readme-tour';

const run = promisify(execFile);
const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
const steps = parseTour(readme);
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * The commands of the README as they are written, but for the addresses of the servers and the name of the topic: the
 * tests share one Kafka. The processes are those of `npm start`, freshly made, with the demo seeded.
 */
describe('the README', () => {
  let pipeline: Pipeline | undefined;
  let addresses: Readonly<Record<string, string>> = {};
  let missingKcat: string | undefined;

  beforeAll(async () => {
    const kcat = await findKcat();
    if ('missing' in kcat) {
      missingKcat = kcat.missing;
      process.stdout.write(`SKIPPED the README's tour from kcat on: ${kcat.missing}\n`);
    }
    pipeline = await startPipeline({ ingest: true, queryApi: true, partitions: 12 });
    const { ingest, queryApi, processors, brokers, environment, topic } = pipeline;
    const [processor] = processors;
    addresses = {
      '127.0.0.1:3001': hostOf(ingest),
      '127.0.0.1:3002': hostOf(queryApi),
      '127.0.0.1:3003': hostOf(processor),
      '127.0.0.1:9092': brokers[0] ?? '',
      'http://127.0.0.1:8081/apis/ccompat/v7': environment['SCHEMA_REGISTRY_URL'] ?? '',
      'session-events': topic,
    };
    await run(process.execPath, [join(repositoryRoot, 'services/ingest/dist/demo-main.js')], {
      env: { ...process.env, INGEST_URL: ingest?.url, NODE_OPTIONS: '' },
      timeout: COMMAND_TIMEOUT_MS,
    });
  }, 300_000);

  afterAll(async () => {
    await pipeline?.stop();
  }, 60_000);

  it('has a tour', () => {
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.filter(({ expected }) => expected !== '').length).toBeGreaterThan(10);
  });

  it.each(steps.map((step, index) => [index + 1, summarise(step.command), step] as const))(
    'step %i prints what it says: %s',
    async (number, _summary, { command, expected }) => {
      const needsKcat = steps.slice(0, number).some((step) => /\bkcat\b/.test(step.command));
      if (needsKcat && missingKcat !== undefined) return;
      if (onlyReads(command)) {
        // A mismatch is told by the comparison below, which shows both texts.
        await waitFor(async () => (await print(command, expected)) === expected, {
          description: 'the output of the README',
        }).catch(() => undefined);
      }
      expect(await print(command, expected)).toBe(expected);
    },
    60_000,
  );

  it('has a Python producer that works as it is written', async () => {
    const python = await findPythonWithConfluentKafka();
    if ('missing' in python) {
      process.stdout.write(`SKIPPED the README's Python producer: ${python.missing}\n`);
      return;
    }
    const program = replaceAddresses(findBlock(readme, 'python'), addresses);
    await run(python.path, ['-c', program], { timeout: COMMAND_TIMEOUT_MS });
    const status = `${pipeline?.queryApi?.url}/sessions/grace/py-1`;
    const answer = await waitFor(
      async () => {
        const response = await fetch(status);
        return response.ok && response.json();
      },
      { description: 'the session of the Python producer' },
    );
    expect(answer).toMatchObject({ status: 'processed', startTime: '2025-01-15T09:00:00.000Z' });
  }, 300_000);

  async function print(command: string, expected: string): Promise<string> {
    const { stdout } = await run('bash', ['-c', replaceAddresses(command, addresses)], { timeout: COMMAND_TIMEOUT_MS });
    return likeExpected(stdout, expected);
  }
});

function hostOf(service: SpawnedService | undefined): string {
  if (service === undefined) throw new Error('a service of the pipeline is missing');
  return new URL(service.url).host;
}

/** The address that a command asks, else its beginning. */
function summarise(command: string): string {
  return /127\.0\.0\.1:\d+[^'"\s]*/.exec(command)?.[0] ?? command.slice(0, 60);
}
